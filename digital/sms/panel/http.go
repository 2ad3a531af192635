package panel

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"tandem/digital/smpp/smsc"
)

const (
	maxBody   = 16 << 10         // octets of a request
	heartbeat = 15 * time.Second // a comment in a silent event stream, so that a lost reader is noticed
)

// Handler serves the handsets:
//
//	GET  /{number}/messages?after=SEQ   {"messages":[Message…]}
//	POST /{number}/messages             {"to":"+49…","text":"…"} → 202 Message
//	GET  /{number}/events               server-sent events "message" with id SEQ; Last-Event-ID or ?after= resumes
func (p *Panel) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{number}/messages", p.list)
	mux.HandleFunc("POST /{number}/messages", p.send)
	mux.HandleFunc("GET /{number}/events", p.events)
	return mux
}

func (p *Panel) list(w http.ResponseWriter, r *http.Request) {
	number := Number(r.PathValue("number"))
	if !valid(number) {
		fail(w, http.StatusNotFound, "no such number")
		return
	}
	messages, _ := p.Messages(number, after(r))
	if messages == nil {
		messages = []Message{}
	}
	reply(w, http.StatusOK, map[string]any{"messages": messages})
}

func (p *Panel) send(w http.ResponseWriter, r *http.Request) {
	var body struct{ To, Text string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
		fail(w, http.StatusBadRequest, "the body is not the JSON object it should be")
		return
	}
	m, err := p.Send(r.PathValue("number"), body.To, body.Text, time.Now())
	switch {
	case err == nil:
		reply(w, http.StatusAccepted, m)
	case errors.Is(err, ErrText), errors.Is(err, smsc.ErrText):
		fail(w, http.StatusUnprocessableEntity, "number or text cannot be sent")
	default:
		w.Header().Set("Retry-After", "5")
		fail(w, http.StatusServiceUnavailable, "the message centre takes nothing now")
	}
}

func (p *Panel) events(w http.ResponseWriter, r *http.Request) {
	number := Number(r.PathValue("number"))
	if !valid(number) {
		fail(w, http.StatusNotFound, "no such number")
		return
	}
	if !p.enter() {
		w.Header().Set("Retry-After", "5")
		fail(w, http.StatusServiceUnavailable, "too many readers")
		return
	}
	defer p.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w)
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	for seen := after(r); ; {
		messages, more := p.Messages(number, seen)
		for _, m := range messages {
			b, err := json.Marshal(m)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "id: %d\nevent: message\ndata: %s\n\n", m.Seq, b)
			seen = m.Seq
		}
		if len(messages) == 0 {
			fmt.Fprint(w, ": \n\n")
		}
		if flush.Flush() != nil {
			return
		}
		beat.Reset(heartbeat)
		select {
		case <-r.Context().Done():
			return
		case <-more:
		case <-beat.C:
		}
	}
}

// after reads where a reader stands.
func after(r *http.Request) uint64 {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the reader is gone
	}
}

func fail(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]string{"error": why})
}
