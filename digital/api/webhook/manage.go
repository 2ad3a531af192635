package webhook

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/digital/access"
)

// Create adds a subscription and gives its signing secret, which is shown this once. It is told what happens from now on.
func (d *Deliverer) Create(ctx context.Context, s Subscription) (Subscription, string, error) {
	if err := d.check(s); err != nil {
		return Subscription{}, "", err
	}
	all, err := d.Documents.List(ctx, subDocs, "", d.Most)
	if err != nil {
		return Subscription{}, "", err
	}
	if len(all) >= d.Most {
		return Subscription{}, "", fmt.Errorf("%d: %w", len(all), ErrFull)
	}
	cursor, err := d.Feed.Last()
	if err != nil {
		return Subscription{}, "", err
	}
	var id [8]byte
	rand.Read(id[:])
	s.ID, s.Created = "wh_"+hex.EncodeToString(id[:]), time.Now().UTC()
	s.Changed, s.Why = s.Created, ""
	if _, err := d.put(ctx, access.Document{Key: posDocs + s.ID}, position{Cursor: cursor}); err != nil {
		return Subscription{}, "", err
	}
	secret := NewSecret()
	s.Version, err = d.put(ctx, access.Document{Key: subDocs + s.ID}, storedSub{s, []storedSecret{{Secret: secret}}})
	if err != nil {
		return Subscription{}, "", err
	}
	d.touch(s.ID)
	return s, secret, nil
}

// Subscription gives one subscription and how it is doing.
func (d *Deliverer) Subscription(ctx context.Context, id string) (Subscription, Status, error) {
	s, doc, err := d.load(ctx, id)
	if err != nil {
		return Subscription{}, Status{}, err
	}
	s.Version = doc.Version
	d.mu.Lock()
	defer d.mu.Unlock()
	return s.Subscription, d.statusLocked(s.Subscription), nil
}

func (d *Deliverer) statusLocked(s Subscription) Status {
	st := d.views[s.ID].status
	if s.Disabled {
		st.State = "disabled"
	} else if st.State == "" {
		st.State = "idle"
	}
	return st
}

// Subscriptions gives at most limit subscriptions whose ID is greater than after, by ID.
func (d *Deliverer) Subscriptions(ctx context.Context, after string, limit int) ([]Subscription, error) {
	if after != "" {
		after = subDocs + after
	}
	docs, err := d.Documents.List(ctx, subDocs, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Subscription, 0, len(docs))
	for _, doc := range docs {
		s, err := decode[storedSub](doc)
		if err != nil {
			return nil, err
		}
		s.Version = doc.Version
		out = append(out, s.Subscription)
	}
	return out, nil
}

// Change changes a subscription whose version is that (0: whatever it is).
func (d *Deliverer) Change(ctx context.Context, id string, version uint64, c Change) (Subscription, error) {
	return d.change(ctx, id, version, func(s *storedSub) error {
		if c.Name != nil {
			s.Name = *c.Name
		}
		if c.URL != nil {
			s.URL = *c.URL
		}
		if c.Filter != nil {
			s.Filter = *c.Filter
		}
		if c.Disabled != nil {
			s.Disabled, s.Why = *c.Disabled, ""
		}
		return d.check(s.Subscription)
	})
}

// Rotate gives a subscription a new secret; the one before signs for a day more.
func (d *Deliverer) Rotate(ctx context.Context, id string) (string, error) {
	secret := NewSecret()
	_, err := d.change(ctx, id, 0, func(s *storedSub) error {
		s.rotate(secret, time.Now().UTC())
		return nil
	})
	return secret, err
}

func (d *Deliverer) change(ctx context.Context, id string, version uint64, fn func(*storedSub) error) (Subscription, error) {
	for {
		s, doc, err := d.load(ctx, id)
		if err != nil {
			return Subscription{}, err
		}
		if version != 0 && version != doc.Version {
			return Subscription{}, fmt.Errorf("webhook %q: %w", id, access.ErrVersion)
		}
		if err := fn(&s); err != nil {
			return Subscription{}, err
		}
		s.Changed = time.Now().UTC()
		s.Version, err = d.put(ctx, doc, s)
		if errors.Is(err, access.ErrVersion) && version == 0 && ctx.Err() == nil {
			continue
		}
		if err == nil {
			d.touch(id)
		}
		return s.Subscription, err
	}
}

// Remove removes a subscription of that version (0: of any) with its position and its dead events.
func (d *Deliverer) Remove(ctx context.Context, id string, version uint64) error {
	if err := d.Documents.Delete(ctx, subDocs+id, version); err != nil {
		return fmt.Errorf("webhook %q: %w", id, err)
	}
	d.touch(id)
	return d.sweep(ctx, id)
}

// sweep removes what belonged to a subscription.
func (d *Deliverer) sweep(ctx context.Context, id string) error {
	if err := d.Documents.Delete(ctx, posDocs+id, 0); err != nil && !errors.Is(err, access.ErrNotFound) {
		return err
	}
	for {
		dead, err := d.Documents.List(ctx, deadDocs+id+"/", "", access.MaxList)
		if err != nil || len(dead) == 0 {
			return err
		}
		for _, doc := range dead {
			if err := d.Documents.Delete(ctx, doc.Key, 0); err != nil && !errors.Is(err, access.ErrNotFound) {
				return err
			}
		}
	}
}

// Deliveries gives the newest attempts, newest first.
func (d *Deliverer) Deliveries(ctx context.Context, id string) ([]Delivery, error) {
	if _, _, err := d.load(ctx, id); err != nil {
		return nil, err
	}
	d.mu.Lock()
	recent := slices.Clone(d.views[id].recent)
	d.mu.Unlock()
	slices.Reverse(recent)
	return recent, nil
}

// DeadEvents gives at most limit events that were given up, oldest first, whose ID is greater than after.
func (d *Deliverer) DeadEvents(ctx context.Context, id, after string, limit int) ([]Dead, error) {
	if _, _, err := d.load(ctx, id); err != nil {
		return nil, err
	}
	prefix := deadDocs + id + "/"
	if after != "" {
		after = prefix + after
	}
	docs, err := d.Documents.List(ctx, prefix, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Dead, 0, len(docs))
	for _, doc := range docs {
		s, err := decode[storedDead](doc)
		if err != nil {
			return nil, err
		}
		s.Event = s.Body
		out = append(out, s.Dead)
	}
	return out, nil
}

// Replay tries dead events again: those named, or all if none are. What is taken leaves the list.
func (d *Deliverer) Replay(ctx context.Context, id string, dead []string) (int, error) {
	if len(dead) == 0 {
		all, err := d.DeadEvents(ctx, id, "", d.MaxDead)
		if err != nil {
			return 0, err
		}
		for _, e := range all {
			dead = append(dead, e.ID)
		}
	}
	for _, e := range dead {
		if _, err := d.Documents.Get(ctx, deadDocs+id+"/"+e); err != nil {
			return 0, fmt.Errorf("dead event %q: %w", e, err)
		}
	}
	d.mu.Lock()
	for _, e := range dead {
		if !slices.Contains(d.again[id], e) && len(d.again[id]) < d.MaxDead {
			d.again[id] = append(d.again[id], e)
		}
	}
	d.mu.Unlock()
	d.poke()
	return len(dead), nil
}

// ReplayAfter delivers everything behind a cursor again.
func (d *Deliverer) ReplayAfter(ctx context.Context, id, cursor string) error {
	if _, _, err := d.load(ctx, id); err != nil {
		return err
	}
	if _, err := d.Feed.After(cursor, 1); err != nil {
		return fmt.Errorf("cursor: %w: %w", err, ErrInvalid)
	}
	d.mu.Lock()
	d.resets[id] = cursor
	d.mu.Unlock()
	d.poke()
	return nil
}

func (d *Deliverer) touch(id string) {
	d.mu.Lock()
	d.dirty[id] = true
	d.mu.Unlock()
	d.poke()
}

func (d *Deliverer) load(ctx context.Context, id string) (storedSub, access.Document, error) {
	doc, err := d.Documents.Get(ctx, subDocs+id)
	if err != nil {
		return storedSub{}, doc, fmt.Errorf("webhook %q: %w", id, err)
	}
	s, err := decode[storedSub](doc)
	return s, doc, err
}

func (d *Deliverer) put(ctx context.Context, doc access.Document, v any) (uint64, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, err
	}
	doc.Body = body
	return d.Documents.Put(ctx, doc)
}
