package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tandem/digital"
	"tandem/digital/access"
	"tandem/digital/callback"
	"tandem/digital/wording"
	"tandem/store"
	"tandem/store/journey"
)

// callbackAsk is the web form: where to call, and why. With proof, the code that was sent to the number.
type callbackAsk struct{ Number, Topic, Proof, Code string }

// callbackForm is the web form's door: a visitor asks to be called. Where numbers are to be proven the first request is answered with the
// word of a proof, and a code is sent to the number; the request comes again with both.
func (g *site) callbackForm() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.Header.Get(access.ForgeryHeader) == "" {
			access.WriteProblem(w, r, access.Problem{Status: http.StatusForbidden, Detail: "only our own pages may ask", Do: "send POST with the header " + access.ForgeryHeader})
			return
		}
		var form callbackAsk
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&form); err != nil {
			access.WriteProblem(w, r, access.Problem{Status: http.StatusBadRequest, Detail: "the body is not the JSON object it should be"})
			return
		}
		language := r.Header.Get("Accept-Language")
		proof, err := g.prove(r.Context(), form, visitorAddr(r).String(), language)
		if err == nil && proof != "" {
			accepted(w, map[string]string{"proof": proof})
			return
		}
		asked := callback.Request{}
		if err == nil {
			_, queue := g.lead(journey.Chat, "")
			asked, err = g.askCallback(r.Context(), callback.Request{Number: form.Number, Queue: queue, Source: callback.ByWeb,
				Data: map[string]string{"topic": form.Topic, "caller": form.Number}})
		}
		switch words := notBooked(err); {
		case err == nil:
			accepted(w, map[string]string{"callback": asked.ID})
		case words != "":
			access.WriteProblem(w, r, access.Problem{Status: http.StatusConflict, Detail: g.say.In(language, words), Do: "call us, or write in the chat"})
		default:
			g.log.Error("callback not booked", "err", err)
			access.WriteProblem(w, r, access.Problem{Status: http.StatusServiceUnavailable, Detail: "callbacks are not possible right now"})
		}
	})
}

func accepted(w http.ResponseWriter, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(body)
}

// prove begins the proof of a form's number, and gives its word; empty, with no error, once the number is proven or need not be.
func (g *site) prove(ctx context.Context, form callbackAsk, by, language string) (proof string, err error) {
	if g.cfg.Callbacks.Prove != proveSMS {
		return "", nil
	}
	number, ok := g.callable(form.Number)
	switch {
	case !ok:
		return "", callback.RefusedError{Reason: callback.RefusedInvalid}
	case form.Proof != "":
		return "", g.proofs.show(form.Proof, number, strings.TrimSpace(form.Code), time.Now())
	}
	proof = store.NewToken()
	return proof, g.sendCode(ctx, proof, number, by, language)
}

// proveSMS is the way of proof: a code by text message.
const proveSMS = "sms"

// sendCode sends a number the code of a proof. It stands in no record: it goes past the conversations.
func (g *site) sendCode(ctx context.Context, word, number, by, language string) error {
	if g.text == nil {
		return errNoTexts
	}
	code, err := g.proofs.begin(word, number, by, time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callbackTime)
	defer cancel()
	return g.text(ctx, number, wording.Fill(g.say.In(language, wording.Code), "code", code))
}

// textNumber sends a text that is no part of a conversation, and waits until the carrier has it.
func (g *site) textNumber(ctx context.Context, number, text string) error {
	got := make(chan digital.Result, 1)
	out := digital.Outgoing{Key: store.NewToken(), To: number, From: g.sender(number), Text: text, At: time.Now()}
	if err := g.sms.Send(out, func(r digital.Result) { got <- r }); err != nil {
		return err
	}
	select {
	case r := <-got:
		if r.State == digital.Failed {
			return fmt.Errorf("%w: %s", errNotSent, r.Reason)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errNotSent says that a number takes no text message.
var errNotSent = errors.New("the text message was not sent")

// notBooked says to a customer why he is not called; empty where it is nothing that he can mend.
func notBooked(err error) string {
	var refused callback.RefusedError
	switch {
	case errors.As(err, &refused):
		return refusedWords[refused.Reason]
	case errors.Is(err, errProve):
		return wording.CodeWrong
	case errors.Is(err, errProofOver):
		return wording.CodeOver
	case errors.Is(err, errTextRate):
		return wording.CodesMany
	case errors.Is(err, errNoTexts), errors.Is(err, errNotSent):
		return wording.CodeNone
	}
	return ""
}

// refusedWords say to a customer why a callback is refused.
var refusedWords = map[string]string{
	callback.RefusedInvalid: wording.NoNumber, callback.RefusedDuplicate: wording.AskedBefore, callback.RefusedOptOut: wording.NoCalls,
	callback.RefusedHours: wording.NoHours, callback.RefusedFull: wording.ManyWait, callback.RefusedQueue: wording.NoCallbacks,
}
