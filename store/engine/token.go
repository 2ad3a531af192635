package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tandem/store"
	"tandem/store/journey"
)

// tokenRow is what is kept of a token under its hash; a bound identity is sealed with its record's key.
type tokenRow struct {
	Record   string            `json:"record"`
	Channels []journey.Channel `json:"channels,omitempty"`
	Strength journey.Strength  `json:"strength"`
	Expires  time.Time         `json:"expires"`
	Left     int               `json:"left"`
	Bound    bool              `json:"bound,omitempty"`
	By       string            `json:"by,omitempty"`
	At       time.Time         `json:"at"`
}

// tokenGrace is how long a token is remembered after its end, so that its reuse is told from a mistyped one.
const tokenGrace = 7 * 24 * time.Hour

func loadToken(tx Tx, text string) (store.Token, bool, error) {
	hash := store.HashToken(text)
	raw := tx.Get(tokens, []byte(hash))
	if raw == nil {
		return store.Token{}, false, fmt.Errorf("token %s: %w", store.TokenName(text), store.ErrNotFound)
	}
	var row tokenRow
	var bound journey.Identity
	err := (&opener{tx: tx}).open(raw, hash, &row, &bound)
	if err != nil && !errors.Is(err, errDestroyed) {
		return store.Token{}, false, fmt.Errorf("token %s: %w", store.TokenName(text), err)
	}
	t := store.Token{Record: row.Record, Channels: row.Channels, Strength: row.Strength, Expires: row.Expires, Uses: row.Left,
		By: row.By, At: row.At}
	if row.Bound {
		t.Identity = &bound
	}
	return t, true, nil
}

func (e *Engine) putToken(tx Tx, hash string, t store.Token) error {
	raw, err := json.Marshal(tokenRow{t.Record, t.Channels, t.Strength, t.Expires, t.Uses, t.Identity != nil, t.By, t.At})
	if err != nil {
		return err
	}
	if t.Identity != nil {
		s, err := e.sealFor(tx, e.head(tx, t.Record))
		if err != nil {
			return err
		}
		hidden, err := json.Marshal(t.Identity)
		if err != nil {
			return err
		}
		raw = s.close(raw, hidden, hash)
	}
	return tx.Put(tokens, []byte(hash), raw)
}

func (a *appendOp) writeTokens(e *Engine, tx Tx) error {
	for _, t := range a.batch.Tokens {
		hash := store.HashToken(t.Text)
		t.Uses = max(t.Uses, 1)
		if err := e.putToken(tx, hash, t); err != nil {
			return err
		}
		if err := expire(tx, expiresToken, hash, time.Time{}, t.Expires.Add(tokenGrace)); err != nil {
			return err
		}
		channels := make([]string, len(t.Channels))
		for i, c := range t.Channels {
			channels[i] = string(c)
		}
		err := e.note(tx, journey.Event{Record: t.Record, At: t.At, Kind: journey.TokenIssued, Actor: t.By, Data: map[string]string{
			journey.DataToken: store.TokenName(t.Text), journey.DataUses: strconv.Itoa(t.Uses),
			journey.DataExpires: t.Expires.UTC().Format(time.RFC3339Nano), journey.DataMedium: strings.Join(channels, " ")}})
		if err != nil {
			return err
		}
	}
	return nil
}

// useOp is a Use that waits for the writer: so one caller gets the last use.
type useOp struct {
	e    *Engine
	use  store.Use
	done func(store.Used)
	used store.Used
}

// UseToken implements store.Store.
func (e *Engine) UseToken(u store.Use, done func(store.Used)) error {
	if u.Text == "" || len(u.Text) > journey.MaxID || u.At.IsZero() || len(u.Identities) > store.MaxIdentities {
		e.met.refused.WithLabelValues("invalid").Inc()
		return fmt.Errorf("%w: use of a token of %d characters", store.ErrInvalid, len(u.Text))
	}
	return e.post(&useOp{e: e, use: u, done: done})
}

func (o *useOp) size() int    { return 512 }
func (o *useOp) urgent() bool { return true }

func (o *useOp) refs(_ *Engine, list []Ref) []Ref {
	return append(list, Ref{Bucket: tokens, Key: []byte(store.HashToken(o.use.Text))})
}

func (o *useOp) finish(groupErr error) {
	if groupErr != nil {
		o.used = store.Used{Err: groupErr}
	}
	if o.done != nil {
		o.done(o.used)
	}
}

func (o *useOp) apply(e *Engine, tx Tx) error {
	t, known, err := loadToken(tx, o.use.Text)
	if err != nil && !notFound(err) {
		o.used = store.Used{Err: err}
		return nil
	}
	if known {
		r, err := plainRecord(tx, t.Record)
		known = err == nil && r.Erased.IsZero()
	}
	o.used = store.Used{State: stateOf(t, known, o.use), Strength: t.Strength}
	if o.used.State == store.TokenGood || o.used.State == store.TokenUsedUp {
		o.used.Record = t.Record
	}
	if o.used.State != store.TokenGood {
		o.used.Err = fmt.Errorf("%w: %s", store.ErrUsed, o.used.State)
	}
	switch o.used.State {
	case store.TokenGood:
		t.Uses--
		o.used.Left = t.Uses
		if err := e.putToken(tx, store.HashToken(o.use.Text), t); err != nil {
			return err
		}
		return o.tell(e, tx, journey.TokenUsed, map[string]string{journey.DataUses: strconv.Itoa(t.Uses)})
	case store.TokenUsedUp:
		return o.tell(e, tx, journey.TokenReused, map[string]string{})
	}
	return nil
}

func stateOf(t store.Token, known bool, u store.Use) store.TokenState {
	switch {
	case !known:
		return store.TokenUnknown
	case !t.Expires.After(u.At):
		return store.TokenExpired
	case !t.Allows(u.Channel, u.Identities):
		return store.TokenForeign
	case t.Uses <= 0:
		return store.TokenUsedUp
	}
	return store.TokenGood
}

func (o *useOp) tell(e *Engine, tx Tx, k journey.Kind, data map[string]string) error {
	actor := o.use.Actor
	if actor == "" {
		actor = "caller"
	}
	data[journey.DataToken] = store.TokenName(o.use.Text)
	return e.note(tx, journey.Event{Record: o.used.Record, At: o.use.At, Kind: k, Channel: o.use.Channel, Actor: actor, Data: data})
}
