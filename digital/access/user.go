package access

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"
)

// User is a person who may sign in.
type User struct {
	Name     string    `json:"name"`
	Role     Role      `json:"role"`
	Agent    string    `json:"agent,omitempty"` // the agent that the person works as
	Disabled bool      `json:"disabled,omitempty"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
	Version  uint64    `json:"-"` // of what is stored
}

// storedUser is a user with what is kept secret. Epoch begins at random and grows with each change: older sessions are over, also those of
// a removed user whose name is used again.
type storedUser struct {
	User
	Hash  string `json:"hash"`
	Epoch uint64 `json:"epoch"`
}

// UserChange says what to change of a user; nil fields stay.
type UserChange struct {
	Role     *Role
	Agent    *string
	Disabled *bool
	Password *string
}

const userPrefix = "access/user/"

var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// CheckName tells what is wrong with the name of a user: ErrInvalid.
func CheckName(name string) error {
	if !userName.MatchString(name) {
		return fmt.Errorf("name %.80q: %w: 1 to 64 of a-z, 0-9, dot, dash, underscore and @, beginning with a letter or digit", name, ErrInvalid)
	}
	return nil
}

// checkUser tells what is wrong with a user's fields.
func checkUser(u User) error {
	if err := CheckName(u.Name); err != nil {
		return err
	}
	switch {
	case !u.Role.Known():
		return fmt.Errorf("role %.80q: %w: use admin, supervisor, agent or integrator", u.Role, ErrInvalid)
	case len(u.Agent) > 128:
		return fmt.Errorf("agent: %w: more than 128 bytes", ErrInvalid)
	case u.Role == Agent && u.Agent == "":
		return fmt.Errorf("agent: %w: a user of role agent needs the agent that the person works as", ErrInvalid)
	}
	return nil
}

// CreateUser adds a user with a password. An empty password makes a user who comes in by a one-time link only.
func (k *Keeper) CreateUser(ctx context.Context, u User, password string) (User, error) {
	if err := checkUser(u); err != nil {
		return User{}, err
	}
	s := storedUser{User: u, Epoch: rand.Uint64() >> 1}
	s.Created = time.Now().UTC()
	s.Changed = s.Created
	if password != "" {
		hash, err := k.hash.make(ctx, password)
		if err != nil {
			return User{}, err
		}
		s.Hash = hash
	}
	n, err := count(ctx, k.docs, userPrefix)
	if err != nil {
		return User{}, err
	}
	if n >= k.cfg.MaxUsers {
		return User{}, fmt.Errorf("%d users: %w", n, ErrFull)
	}
	s.Version, err = save(ctx, k.docs, Document{Key: userPrefix + u.Name}, s)
	if errors.Is(err, ErrVersion) {
		return User{}, fmt.Errorf("user %q: %w", u.Name, ErrExists)
	}
	return s.User, err
}

// User gives one user.
func (k *Keeper) User(ctx context.Context, name string) (User, error) {
	s, d, err := load[storedUser](ctx, k.docs, userPrefix+name)
	if err != nil {
		return User{}, fmt.Errorf("user %q: %w", name, err)
	}
	s.Version = d.Version
	return s.User, nil
}

// Users gives at most limit (1 to MaxList) users whose name is greater than after, by name.
func (k *Keeper) Users(ctx context.Context, after string, limit int) ([]User, error) {
	if after != "" {
		after = userPrefix + after
	}
	docs, err := k.docs.List(ctx, userPrefix, after, limit)
	if err != nil {
		return nil, err
	}
	users := make([]User, 0, len(docs))
	for _, d := range docs {
		s, err := decode[storedUser](d)
		if err != nil {
			return nil, err
		}
		s.Version = d.Version
		users = append(users, s.User)
	}
	return users, nil
}

// ChangeUser changes a user whose version is that (0: whatever it is); the user's sessions end.
func (k *Keeper) ChangeUser(ctx context.Context, name string, version uint64, c UserChange) (User, error) {
	hash := ""
	if c.Password != nil {
		var err error
		if hash, err = k.hash.make(ctx, *c.Password); err != nil {
			return User{}, err
		}
	}
	if err := k.keepAdmin(ctx, name, c.Role != nil && *c.Role != Admin || c.Disabled != nil && *c.Disabled); err != nil {
		return User{}, err
	}
	s, now, err := change(ctx, k.docs, userPrefix+name, version, func(s *storedUser) error {
		c.apply(s)
		if hash != "" {
			s.Hash = hash
		}
		s.Epoch++
		s.Changed = time.Now().UTC()
		return checkUser(s.User)
	})
	if err != nil {
		return User{}, fmt.Errorf("user %q: %w", name, err)
	}
	s.Version = now
	return s.User, nil
}

func (c UserChange) apply(s *storedUser) {
	if c.Role != nil {
		s.Role = *c.Role
	}
	if c.Agent != nil {
		s.Agent = *c.Agent
	}
	if c.Disabled != nil {
		s.Disabled = *c.Disabled
	}
}

// RemoveUser removes a user of that version (0: of any); the user's sessions end.
func (k *Keeper) RemoveUser(ctx context.Context, name string, version uint64) error {
	if err := k.keepAdmin(ctx, name, true); err != nil {
		return err
	}
	if err := k.docs.Delete(ctx, userPrefix+name, version); err != nil {
		return fmt.Errorf("user %q: %w", name, err)
	}
	return nil
}

// keepAdmin refuses to take the last enabled admin away. Two at once may still do it: the command line makes a new one.
func (k *Keeper) keepAdmin(ctx context.Context, name string, goes bool) error {
	if !goes {
		return nil
	}
	is, others := false, 0
	err := each(ctx, k.docs, userPrefix, func(d Document) error {
		u, err := decode[storedUser](d)
		switch {
		case err != nil || u.Role != Admin || u.Disabled:
			return err
		case u.Name == name:
			is = true
		default:
			others++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if is && others == 0 {
		return fmt.Errorf("user %q: %w", name, ErrLast)
	}
	return nil
}

// lower is a user's name as it is kept: names have no capitals.
func lower(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
