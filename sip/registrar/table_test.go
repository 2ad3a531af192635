package registrar

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tandem/sip"
)

func TestExpiry(t *testing.T) {
	s := newScript(t, Config{})
	s.send(0, 200, "Contact: <sip:late@h>;expires=300, <sip:soon@h>;expires=100, <sip:mid@h>;expires=200")
	at, ok := s.r.Deadline()
	if !ok || !at.Equal(start.Add(100*time.Second)) {
		t.Fatalf("got %s, %v", at, ok)
	}
	wantText(t, "too early", kinds(s.r.Expire(at.Add(-1))), "")
	if got := len(s.r.Lookup(bob, at)); got != 2 {
		t.Errorf("Lookup returns %d bindings before Expire was called, want 2", got)
	}
	wantText(t, "first", kinds(s.r.Expire(at)), "expired sip:soon@h")
	s.send(150*time.Second, 200, "Contact: <sip:mid@h>;expires=900")
	wantText(t, "second", kinds(s.r.Expire(start.Add(400*time.Second))), "expired sip:late@h")
	wantText(t, "all", kinds(s.r.Expire(start.Add(time.Hour))), "expired sip:mid@h")
	if _, ok := s.r.Deadline(); ok {
		t.Error("an empty table has a deadline")
	}
}

func TestExpiredDoesNotCount(t *testing.T) {
	s := newScript(t, Config{MaxBindings: 1})
	s.send(0, 200, "Contact: <sip:a@h>;expires=60")
	s.send(30*time.Second, 403, "Contact: <sip:b@h>")
	_, events := s.send(60*time.Second, 200, "Contact: <sip:b@h>")
	wantText(t, "events", kinds(events), "expired sip:a@h, registered sip:b@h")
}

func TestLimits(t *testing.T) {
	s := newScript(t, Config{MaxBindings: 2, MaxTotal: 3})
	s.send(0, 200, "Contact: <sip:a@h>, <sip:b@h>")
	s.send(0, 403, "Contact: <sip:c@h>")
	s.send(0, 200, "Contact: <sip:a@h>;expires=0, <sip:c@h>") // one for one
	s.send(0, 403, "Contact: <sip:1@h>;expires=0, <sip:2@h>;expires=0, <sip:3@h>;expires=0, <sip:4@h>;expires=0, <sip:5@h>;expires=0")
	s.send(0, 200, "Contact: <sip:a@h>", "To: <sip:eve@tandem.example>")
	res, _ := s.send(0, 503, "Contact: <sip:b@h>", "To: <sip:eve@tandem.example>")
	wantText(t, "retry", res.GetHeader("Retry-After").Value(), "60")
	s.send(0, 200, "Contact: <sip:a@h>", "To: <sip:eve@tandem.example>") // a refresh always works
	s.send(0, 200, "Contact: <sip:a@h>;expires=0", "To: <sip:eve@tandem.example>")
	s.send(0, 200, "Contact: <sip:z@h>", "To: <sip:ann@tandem.example>")
}

func TestDropFlow(t *testing.T) {
	s := newScript(t, Config{})
	ws := Arrival{Source: from.Source, Transport: "wss", Flow: "flow-1"}
	s.r.Register(start, s.request("Contact: <sip:a@x.invalid;transport=ws>"), ws)
	s.r.Register(start, s.request("Contact: <sip:b@x.invalid;transport=ws>"), ws)
	s.send(0, 200, "Contact: <sip:c@h>")
	wantText(t, "no name", kinds(s.r.DropFlow("", start)), "")
	wantText(t, "unknown", kinds(s.r.DropFlow("flow-2", start)), "")
	ws.Flow = "flow-2"
	s.r.Register(start, s.request("Contact: <sip:b@x.invalid;transport=ws>"), ws) // moved
	wantText(t, "first", kinds(s.r.DropFlow("flow-1", start)), "removed sip:a@x.invalid;transport=ws")
	wantText(t, "again", kinds(s.r.DropFlow("flow-1", start)), "")
	wantText(t, "second", kinds(s.r.DropFlow("flow-2", start)), "removed sip:b@x.invalid;transport=ws")
	if got := s.r.Lookup(bob, start); len(got) != 1 || len(s.r.byFlow) != 0 {
		t.Errorf("got %+v, %d flows", got, len(s.r.byFlow))
	}
}

func TestSnapshotAndRestore(t *testing.T) {
	s := newScript(t, Config{})
	s.send(0, 200, `Contact: <sip:a@h>;expires=600;q=0.7, <sip:b@h>;expires=60;+sip.instance="<urn:x>"`, "Path: <sip:p;lr>")
	s.send(0, 200, "Contact: <sip:z@h>", "To: <sip:ann@tandem.example>")
	before := s.r.Snapshot(start)
	if len(before) != 3 || before[0].AOR != "ann@tandem.example" {
		t.Fatalf("got %+v", before)
	}
	data, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	var stored []Binding
	if err := json.Unmarshal(data, &stored); err != nil {
		t.Fatal(err)
	}
	again := newScript(t, Config{})
	if n := again.r.Restore(start, stored); n != 3 {
		t.Errorf("got %d, want 3", n)
	}
	if after := again.r.Snapshot(start); !reflect.DeepEqual(after, before) {
		t.Errorf("got %+v\nwant %+v", after, before)
	}
	if n := again.r.Restore(start, stored); n != 0 {
		t.Errorf("known bindings are taken again: %d", n)
	}
	again.cseq = 1
	again.send(0, 200, "Contact: <sip:a@h>;expires=0")
	late := newScript(t, Config{MaxTotal: 1})
	stored[0].Contact = "\x00"
	if n := late.r.Restore(start.Add(2*time.Minute), stored); n != 1 {
		t.Errorf("got %d, want only the one that is neither broken nor expired", n)
	}
}

// The indexes agree after any sequence of requests, losses and expiries.
func TestTableStaysWhole(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newScript(t, Config{MaxBindings: 4, MaxTotal: 9})
		now := start
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				now = now.Add(time.Duration(rapid.IntRange(1, 400).Draw(rt, "wait")) * time.Second)
				s.r.Expire(now)
			case 1:
				s.r.DropFlow(fmt.Sprint(rapid.IntRange(0, 2).Draw(rt, "flow")), now)
			case 2:
				s.r.LoseFlow(fmt.Sprint(rapid.IntRange(0, 2).Draw(rt, "flow")), now)
			default:
				line := "Contact: "
				for i := range rapid.IntRange(1, 4).Draw(rt, "contacts") {
					if i > 0 {
						line += ", "
					}
					line += fmt.Sprintf("<sip:%d@h>;expires=%d", rapid.IntRange(0, 5).Draw(rt, "uri"), 100*rapid.IntRange(0, 4).Draw(rt, "expires"))
					if id := rapid.IntRange(0, 3).Draw(rt, "instance"); id > 0 {
						line += fmt.Sprintf(`;+sip.instance="<urn:%d>"`, id)
					}
				}
				to := fmt.Sprintf("To: <sip:u%d@tandem.example>", rapid.IntRange(0, 3).Draw(rt, "aor"))
				a := from
				a.Flow = fmt.Sprint(rapid.IntRange(0, 2).Draw(rt, "flow"))
				a.Transport = rapid.SampledFrom([]string{"tcp", "wss"}).Draw(rt, "transport")
				s.r.Register(now, s.request(line, to), a)
			}
			checkWhole(rt, s.r)
		}
	})
}

func checkWhole(t *rapid.T, r *Registrar) {
	total, flows := 0, 0
	for aor, list := range r.aors {
		if len(list) == 0 || len(list) > 4 {
			t.Fatalf("%s has %d bindings", aor, len(list))
		}
		for _, e := range list {
			if e.AOR != aor || r.expiry[e.index] != e {
				t.Fatalf("%s: entry is misplaced", aor)
			}
			if _, ok := r.byFlow[e.Flow][e]; ok == e.Suspended() {
				t.Fatalf("%s: entry is found by flow %t, suspended %t", aor, ok, e.Suspended())
			}
			if e.Suspended() {
				flows++
			}
		}
		total += len(list)
	}
	for _, set := range r.byFlow {
		flows += len(set)
	}
	if total != len(r.expiry) || total != flows || total > 9 {
		t.Fatalf("%d entries, %d deadlines, %d by flow", total, len(r.expiry), flows)
	}
	for i := range r.expiry {
		if i > 0 && r.expiry[i].until.Before(r.expiry[(i-1)/2].until) {
			t.Fatal("the heap is out of order")
		}
	}
}

func TestEqualURI(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		// RFC 3261 §19.1.4
		{"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
		{"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", true},
		{"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com", "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true},
		{"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false},
		{"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false},
		{"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false},
		{"sips:a@h", "sip:a@h", false},
		{"tel:+1", "tel:+1", true},
		{"tel:+1", "tel:+2", false},
	}
	for _, tt := range tests {
		a, err := sip.ParseURI(tt.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := sip.ParseURI(tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if got := equalURI(&a, &b); got != tt.want || equalURI(&b, &a) != tt.want {
			t.Errorf("%s and %s: got %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

func BenchmarkRefresh(b *testing.B) {
	r := New(Config{MaxTotal: 100000}, nil)
	for i := range 50000 {
		uri := sip.URI{Scheme: "sip", User: fmt.Sprint(i), Host: "h"}
		r.insertLocked(&entry{Binding: Binding{AOR: fmt.Sprint(i, "@h"), Expires: start.Add(time.Duration(i) * time.Second)}, uri: uri})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		aor := fmt.Sprint(i%50000, "@h")
		e := r.aors[aor][0]
		next := e.Binding
		next.Expires = next.Expires.Add(time.Hour)
		r.replaceLocked(e, next, e.uri)
	}
}
