package access

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The cost of a password hash: argon2id as RFC 9106 knows it, 19 MiB, two passes, one lane.
const (
	argonMemory = 19 << 10 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonKey    = 32
	argonSalt   = 16
)

// The length of a password: runes at least, bytes at most.
const (
	MinPassword = 10
	MaxPassword = 256
)

// hasher hashes passwords, so many at once: each takes 19 MiB and tens of milliseconds of a core.
type hasher struct {
	slots   chan struct{}
	most    int64
	waiting atomic.Int64
	m       *metrics
}

func newHasher(atOnce, queue int, m *metrics) *hasher {
	return &hasher{slots: make(chan struct{}, atOnce), most: int64(atOnce + queue), m: m}
}

// enter waits for a slot; leave must follow if it returns nil.
func (h *hasher) enter(ctx context.Context) error {
	if h.waiting.Add(1) > h.most {
		h.waiting.Add(-1)
		h.m.refused("hash_queue")
		return &BusyError{Why: "too many logins at once", After: 2 * time.Second}
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		h.waiting.Add(-1)
		return ctx.Err()
	}
}

func (h *hasher) leave() {
	<-h.slots
	h.waiting.Add(-1)
}

// make gives the hash of a new password in the PHC form.
func (h *hasher) make(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	var salt [argonSalt]byte
	rand.Read(salt[:])
	key := argon2.IDKey([]byte(password), salt[:], argonTime, argonMemory, argonLanes, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		b64.EncodeToString(salt[:]), b64.EncodeToString(key)), nil
}

// nobody is hashed against when there is no such user, so that it takes as long.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// check tells whether a password belongs to a hash.
func (h *hasher) check(ctx context.Context, password, hash string) (bool, error) {
	p, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	if len(password) > MaxPassword {
		return false, nil
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	key := argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.lanes, uint32(len(p.key)))
	return same(string(key), string(p.key)), nil
}

type hashParts struct {
	memory, time uint32
	lanes        uint8
	salt, key    []byte
}

// parseHash reads a PHC string. Costs far above ours are refused: whoever can write a document shall not halt the door.
func parseHash(text string) (p hashParts, err error) {
	bad := fmt.Errorf("stored password hash: %w", ErrInvalid)
	part := strings.Split(text, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, bad
	}
	if n, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.lanes); err != nil || n != 3 {
		return p, bad
	}
	if p.memory < 8 || p.memory > 64<<10 || p.time < 1 || p.time > 8 || p.lanes < 1 || p.lanes > 4 {
		return p, bad
	}
	if p.salt, err = base64.RawStdEncoding.DecodeString(part[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return p, bad
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(part[5]); err != nil || len(p.key) < 16 || len(p.key) > 64 {
		return p, bad
	}
	return p, nil
}

// CheckPassword tells what is wrong with a new password: ErrInvalid.
func CheckPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return fmt.Errorf("password: %w: not UTF-8", ErrInvalid)
	case utf8.RuneCountInString(password) < MinPassword:
		return fmt.Errorf("password: %w: fewer than %d characters", ErrInvalid, MinPassword)
	case len(password) > MaxPassword:
		return fmt.Errorf("password: %w: more than %d bytes", ErrInvalid, MaxPassword)
	}
	return nil
}
