package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

// What the methods for the API may answer, beside access.ErrNotFound and access.ErrVersion.
var (
	ErrInvalid = errors.New("not valid")
	ErrFull    = errors.New("too many webhooks")
)

// Subscription is a URL that is told of events.
type Subscription struct {
	ID       string      `json:"id"`
	Name     string      `json:"name,omitempty"`
	URL      string      `json:"url"`
	Filter   feed.Filter `json:"filter"`
	Disabled bool        `json:"disabled,omitempty"`
	Why      string      `json:"why,omitempty" doc:"It was disabled"`
	Created  time.Time   `json:"created"`
	Changed  time.Time   `json:"changed"`
	Version  uint64      `json:"-"`
}

// Change says what to change of a subscription; nil fields stay.
type Change struct {
	Name     *string
	URL      *string
	Filter   *feed.Filter
	Disabled *bool
}

// storedSub is a subscription with its secrets, newest first. They must be readable: they sign.
type storedSub struct {
	Subscription
	Secrets []storedSecret `json:"secrets"`
}

type storedSecret struct {
	Secret string    `json:"secret"`
	Until  time.Time `json:"until,omitzero"` // signs no more from then on
}

// position is how far a subscription is.
type position struct {
	Cursor   string    `json:"cursor"`
	Attempts int       `json:"attempts,omitempty"` // of the event behind the cursor
	Failures int       `json:"failures,omitempty"` // in a row, over all events
	Due      time.Time `json:"due,omitzero"`
}

// Status is how a subscription is doing.
type Status struct {
	State     string    `json:"state" doc:"idle, delivering, retrying or disabled"`
	Cursor    string    `json:"cursor" doc:"Behind the last event that was taken or given up"`
	Attempts  int       `json:"attempts,omitempty" doc:"Of the next event"`
	Due       time.Time `json:"due,omitzero" doc:"Of the next attempt"`
	Delivered uint64    `json:"delivered" doc:"Since the start"`
	Dead      uint64    `json:"dead" doc:"Given up since the start"`
	Error     string    `json:"error,omitempty" doc:"Of the last attempt"`
}

// Delivery is one attempt.
type Delivery struct {
	Event   string    `json:"event" doc:"Its webhook-id"`
	Type    string    `json:"type"`
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt"`
	Status  int       `json:"status,omitempty" doc:"HTTP status; absent if there was no answer"`
	Error   string    `json:"error,omitempty"`
	Millis  int64     `json:"dur_ms"`
	Result  string    `json:"result" doc:"delivered, retry or dead"`
}

// Dead is an event that was given up.
type Dead struct {
	ID       string     `json:"id"`
	Event    feed.Event `json:"-"`
	Type     string     `json:"type"`
	Webhook  string     `json:"webhook_id"`
	At       time.Time  `json:"at"`
	Attempts int        `json:"attempts"`
	Error    string     `json:"error,omitempty"`
}

type storedDead struct {
	Dead
	Body feed.Event `json:"event"`
}

const (
	subDocs  = "webhook/sub/"
	posDocs  = "webhook/pos/"
	deadDocs = "webhook/dead/"
)

// Limits of a subscription.
const (
	maxFilter   = 32
	maxRecent   = 50
	secretGrace = 24 * time.Hour
	maxSecrets  = 4
)

func (o Options) check(s Subscription) error {
	if err := (Guard{o.Allow, o.HTTP}).CheckURL(s.URL); err != nil {
		return fmt.Errorf("url: %w: %w", err, ErrInvalid)
	}
	if len(s.Name) > 128 || len(s.Filter.Types) > maxFilter || len(s.Filter.Queues) > maxFilter {
		return fmt.Errorf("name or filter: too long: %w", ErrInvalid)
	}
	return nil
}

// live gives the secrets that sign at a time, newest first.
func (s storedSub) live(now time.Time) []string {
	var out []string
	for _, sec := range s.Secrets {
		if sec.Until.IsZero() || now.Before(sec.Until) {
			out = append(out, sec.Secret)
		}
	}
	return out
}

// rotate puts a new secret in front; the others sign for a day more.
func (s *storedSub) rotate(secret string, now time.Time) {
	s.Secrets = slices.DeleteFunc(s.Secrets, func(old storedSecret) bool { return !old.Until.IsZero() && !now.Before(old.Until) })
	for i := range s.Secrets {
		if s.Secrets[i].Until.IsZero() {
			s.Secrets[i].Until = now.Add(secretGrace)
		}
	}
	s.Secrets = slices.Insert(s.Secrets, 0, storedSecret{Secret: secret})
	s.Secrets = s.Secrets[:min(len(s.Secrets), maxSecrets)]
}

func decode[T any](d access.Document) (v T, err error) {
	if err := json.Unmarshal(d.Body, &v); err != nil {
		return v, fmt.Errorf("document %s: %w", d.Key, err)
	}
	return v, nil
}
