package access

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// wanted are the passwords that users shall have and that nobody has compared with the stored ones yet. A comparison takes tens of
// milliseconds of a core, so a site with many users does not wait for all of them when it starts.
type wanted struct {
	mu sync.Mutex // guards by
	by map[string]*want
}

type want struct {
	mu       sync.Mutex // held while the password is compared
	password string
	done     bool
}

func (w *wanted) get(name string) *want {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.by[name]
}

func (w *wanted) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.by))
}

// WantPassword says which password a user shall have: he has it from his next login on, at the latest. ServeWanted sees to it sooner. The
// sessions of a user end if it is another one than before.
func (k *Keeper) WantPassword(name, password string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	k.wanted.mu.Lock()
	defer k.wanted.mu.Unlock()
	if k.wanted.by == nil {
		k.wanted.by = map[string]*want{}
	}
	k.wanted.by[name] = &want{password: password}
	return nil
}

// wantedAgain is how long ServeWanted waits after a failure.
const wantedAgain = 5 * time.Second

// ServeWanted gives all users the passwords that they shall have, one after the other, until that is done or ctx ends.
func (k *Keeper) ServeWanted(ctx context.Context) error {
	for {
		var failed error
		for _, name := range k.wanted.names() {
			if ctx.Err() != nil {
				return nil
			}
			if err := k.settle(ctx, name); err != nil && failed == nil {
				failed = err
			}
		}
		if failed == nil {
			return nil
		}
		if ctx.Err() == nil {
			k.log.Warn("a user's password is not as configured yet", "err", failed)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wantedAgain):
		}
	}
}

// settle gives a user the password that he shall have, if there is one. A user who is gone needs none.
func (k *Keeper) settle(ctx context.Context, name string) error {
	w := k.wanted.get(name)
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return nil
	}
	s, err := k.storedUser(ctx, name)
	if err != nil {
		return err
	}
	same := false
	if s.Hash != "" {
		if same, err = k.hash.check(ctx, w.password, s.Hash); err != nil {
			return err
		}
	}
	if !same {
		if _, err = k.ChangeUser(ctx, name, 0, UserChange{Password: &w.password}); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	w.done = true
	k.wanted.mu.Lock()
	defer k.wanted.mu.Unlock()
	if k.wanted.by[name] == w {
		delete(k.wanted.by, name)
	}
	return nil
}
