package feed

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// ContentType is that of one envelope in JSON (CloudEvents JSON format 1.0.2 §3).
const ContentType = "application/cloudevents+json"

// Envelope is an event as CloudEvents 1.0 has it. The last four are extension attributes.
type Envelope struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject,omitempty"`
	Time            time.Time       `json:"time,omitzero"`
	DataContentType string          `json:"datacontenttype,omitempty"`
	Data            json.RawMessage `json:"data,omitempty"`
	Queue           string          `json:"queue,omitempty"`
	Record          string          `json:"record,omitempty"`
	Agent           string          `json:"agent,omitempty"`
	Cursor          string          `json:"cursor,omitempty"`
}

// Marshal gives an event as a CloudEvents envelope in one line of JSON. source is who we are, a URI reference.
func Marshal(source string, e Event) ([]byte, error) {
	v := Envelope{SpecVersion: "1.0", ID: e.ID, Source: source, Type: e.Type, Subject: e.Subject, Time: e.Time.UTC(),
		Queue: e.Queue, Record: e.Record, Agent: e.Agent, Cursor: e.Cursor}
	if e.Time.IsZero() {
		v.Time = time.Time{}
	}
	if v.ID == "" {
		v.ID = e.Cursor
	}
	if len(e.Data) > 0 {
		v.DataContentType, v.Data = "application/json", e.Data
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.Cursor, err)
	}
	return body, nil
}

// Filter is what a reader wants: an event must match all that is set, and one of each list.
type Filter struct {
	Types  []string `json:"types,omitempty"` // a * at the end stands for the rest
	Queues []string `json:"queues,omitempty"`
	Record string   `json:"record,omitempty"`
}

// Match tells whether the reader wants an event.
func (f Filter) Match(e Event) bool {
	if f.Record != "" && f.Record != e.Record {
		return false
	}
	return oneOf(f.Queues, e.Queue, func(want, got string) bool { return want == got }) && oneOf(f.Types, e.Type, matchType)
}

func oneOf(wants []string, got string, match func(want, got string) bool) bool {
	for _, want := range wants {
		if match(want, got) {
			return true
		}
	}
	return len(wants) == 0
}

func matchType(want, got string) bool {
	if prefix, ok := strings.CutSuffix(want, "*"); ok {
		return strings.HasPrefix(got, prefix)
	}
	return want == got
}
