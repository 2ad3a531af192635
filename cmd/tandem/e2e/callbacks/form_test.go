package callbacks

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// TestFormWantsProof: who asks on the web shows the code that a text message has brought to the number; before that nothing is booked, and
// the code stands in no record.
func TestFormWantsProof(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: patient, answer: "manual", demo: true,
		more: "sms: {main: {number: \"+4930100100\", smpp: simulator, queue: support}}\n"})
	first := h.ask(t, map[string]string{"number": first}, http.StatusAccepted)
	if first["proof"] == "" || first["callback"] != "" || len(h.callbacks()) != 0 {
		t.Fatalf("the first answer is %v, booked are %+v", first, h.callbacks())
	}
	code := h.code(t)
	h.ask(t, map[string]string{"number": "+4915111111111", "proof": first["proof"], "code": "no"}, http.StatusConflict)
	done := h.ask(t, map[string]string{"number": "+4915111111111", "proof": first["proof"], "code": code}, http.StatusAccepted)
	if b := h.booked(); b.ID != done["callback"] || b.Number != "+4915111111111" {
		t.Errorf("booked is %+v, the answer was %v", b, done)
	}
	for _, r := range h.Records(t) {
		for _, e := range h.Record(t, r.ID).Events {
			if e.Kind == "message-out" {
				t.Errorf("record %s has the text %q", r.ID, e.Data["text"])
			}
		}
	}
}

// TestFormKilled kills the gateway when it has acknowledged a web form, and once more while the customer's telephone rings: the callback is
// there again behind the caller who waits before it, and is done, once.
func TestFormKilled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: "{attempts: 3, gap: 2s, ring: 20s, prove: none}", answer: "manual"})
	done := h.ask(t, map[string]string{"number": second, "topic": "a broken lamp"}, http.StatusAccepted)
	h.Kill(t) // at once
	h.Restart(t)
	b := h.booked()
	if b.ID != done["callback"] || b.Number != second {
		t.Fatalf("after the first kill the list shows %+v, the page was told %v", b, done)
	}
	h.awaitRegistered()
	ringing := h.customer("answer_cancel")
	h.sign("available")
	h.anna.Saw("CALL_INCOMING", soon)
	h.anna.Do("accept", "")
	rig.Await(t, "the customer's telephone rings", soon, func() bool { return invited(t, ringing) == 1 })
	h.Kill(t)
	ringing.End(syscall.SIGKILL, time.Second)
	customer := h.customer("answer", "-rtp_echo", "-mp", "16000")
	h.anna.Do("hangup", "") // before the gateway is back, and rings her at once
	h.Restart(t)
	h.sign("available")
	h.callBack(customer)
	h.gone()
	h.counts(b.Record, map[string]int{"callback-requested": 1, "callback-expired": 0, "callback-cancelled": 0, "abandoned": 0, "wrap-up-started": 1, "wrap-up-ended": 1})
	if n := len(h.callbacks()); n != 0 {
		t.Errorf("%d callbacks are listed when it is done", n)
	}
}

// ask sends the web form.
func (h *house) ask(t *testing.T, form map[string]string, want int) (got map[string]string) {
	t.Helper()
	body, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.HTTP.String()+"/chat/callback", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Tandem-Request", "1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		t.Fatalf("%v: %d %s, %v, want %d", form, res.StatusCode, text, err, want)
	}
	_ = json.Unmarshal(text, &got) // a problem holds numbers too
	return got
}

// code is what the first caller's telephone shows.
func (h *house) code(t *testing.T) (code string) {
	t.Helper()
	rig.Await(t, "the telephone shows the code", soon, func() bool {
		res, err := http.Get("http://" + h.HTTP.String() + "/demo/phone/" + url.PathEscape(first) + "/messages")
		if err != nil {
			return false
		}
		defer func() { _ = res.Body.Close() }()
		text, _ := io.ReadAll(res.Body)
		if at := bytes.Index(text, []byte(" is your code")); at >= 6 {
			code = string(text[at-6 : at])
		}
		return code != ""
	})
	return code
}
