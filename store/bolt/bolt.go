package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tandem/store"
	"tandem/store/engine"
)

// lockWait is how long Open waits for another process to let go of the file.
const lockWait = time.Second

// firstMap is the first size of the memory map: growing it makes readers wait once, so it begins above a small site's need.
const firstMap = 64 << 20

// form is the version of the layout of the buckets.
const form = 2

// ErrInUse is wrapped when another process holds the file.
var ErrInUse = errors.New("store file is in use by another process")

// ErrForm is wrapped when the file was written by a version of Tandem with another layout.
var ErrForm = errors.New("store file has another layout")

// Open opens or makes the store file. Its folder is made with mode 0700, the file with 0600.
func Open(path string, o engine.Options) (store.Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	m := &medium{path: path}
	if err := m.open(); err != nil {
		return nil, err
	}
	var err error
	if m.vault, err = openVault(path + ".keys"); err != nil {
		_ = m.db.Load().Close()
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	e, err := engine.New(m, o)
	if err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	return e, nil
}

// medium is a bbolt file. The pointer changes when the file is opened anew after a failed commit.
type medium struct {
	path  string
	db    atomic.Pointer[bbolt.DB]
	vault *vault
}

func (m *medium) open() error {
	db, err := bbolt.Open(m.path, 0o600, &bbolt.Options{
		Timeout: lockWait, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, InitialMmapSize: firstMap,
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return fmt.Errorf("store %s: %w", m.path, ErrInUse)
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", m.path, err)
	}
	if err := prepare(db); err != nil {
		_ = db.Close()
		return fmt.Errorf("store %s: %w", m.path, err)
	}
	m.db.Store(db)
	return nil
}

// prepare makes the buckets of a new file and checks the layout of an old one. It writes nothing to a file that is right.
func prepare(db *bbolt.DB) error {
	version := []byte{form}
	ready := false
	err := db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("meta"))
		if b == nil {
			return nil
		}
		got := b.Get([]byte("form"))
		if ready = bytes.Equal(got, version); !ready && got != nil {
			return fmt.Errorf("%w: %v, this program reads %v; move the file away to begin anew, or go on with the program that wrote it", ErrForm, got, version)
		}
		return nil
	})
	if err != nil || ready {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range engine.Buckets() {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte("meta")).Put([]byte("form"), version)
	})
}

// Update implements engine.Medium.
func (m *medium) Update(fn func(engine.Tx) error) error {
	clear(m.vault.pending)
	return m.db.Load().Update(func(t *bbolt.Tx) error {
		if err := fn(&tx{t: t, buckets: map[engine.Bucket]*bbolt.Bucket{}, vault: m.vault, writes: true}); err != nil {
			return err
		}
		return m.vault.flush()
	})
}

// View implements engine.Medium. A read that meets the moment of reopening is done again on the new file handle.
func (m *medium) View(fn func(engine.Tx) error) error {
	for {
		db := m.db.Load()
		err := db.View(func(t *bbolt.Tx) error {
			return fn(&tx{t: t, buckets: map[engine.Bucket]*bbolt.Bucket{}, vault: m.vault})
		})
		if errors.Is(err, berrors.ErrDatabaseNotOpen) && m.db.Load() != db {
			continue
		}
		return err
	}
}

// Reopen implements engine.Medium.
func (m *medium) Reopen() error {
	if err := m.db.Load().Close(); err != nil {
		return err
	}
	return m.open()
}

// Close implements engine.Medium.
func (m *medium) Close() error { return errors.Join(m.db.Load().Close(), m.vault.file.Close()) }

// tx adapts a bbolt transaction. It remembers the buckets that were used.
type tx struct {
	t       *bbolt.Tx
	buckets map[engine.Bucket]*bbolt.Bucket
	vault   *vault
	writes  bool
}

func (x *tx) bucket(b engine.Bucket) *bbolt.Bucket {
	if got := x.buckets[b]; got != nil {
		return got
	}
	got := x.t.Bucket([]byte(b))
	x.buckets[b] = got
	return got
}

// Get implements engine.Tx.
func (x *tx) Get(b engine.Bucket, key []byte) []byte {
	if len(key) == 0 {
		return nil
	}
	if b.Vault() {
		if x.writes {
			if got, ok := x.vault.pending[binary.BigEndian.Uint64(key)]; ok {
				return got
			}
		}
		return x.vault.get(key)
	}
	return x.bucket(b).Get(key)
}

// Put implements engine.Tx.
func (x *tx) Put(b engine.Bucket, key, value []byte) error {
	if b.Vault() {
		x.vault.pending[binary.BigEndian.Uint64(key)] = value
		return nil
	}
	return x.bucket(b).Put(key, value)
}

// Delete implements engine.Tx.
func (x *tx) Delete(b engine.Bucket, key []byte) error {
	if b.Vault() {
		x.vault.pending[binary.BigEndian.Uint64(key)] = nil
		return nil
	}
	return x.bucket(b).Delete(key)
}

// Scan implements engine.Tx.
func (x *tx) Scan(b engine.Bucket, r engine.Range, fn func(key, value []byte) bool) {
	c := x.bucket(b).Cursor()
	k, v := begin(c, r)
	for ; k != nil && bytes.HasPrefix(k, r.Prefix); k, v = step(c, r.Reverse) {
		if !fn(k, v) {
			return
		}
	}
}

func step(c *bbolt.Cursor, reverse bool) ([]byte, []byte) {
	if reverse {
		return c.Prev()
	}
	return c.Next()
}

func begin(c *bbolt.Cursor, r engine.Range) ([]byte, []byte) {
	if !r.Reverse {
		if r.From != nil {
			return c.Seek(r.From)
		}
		return c.Seek(r.Prefix)
	}
	end := r.From
	if end == nil {
		end = after(r.Prefix)
	}
	if end == nil {
		return c.Last()
	}
	k, v := c.Seek(end)
	if k == nil {
		return c.Last()
	}
	if r.From == nil || !bytes.Equal(k, end) {
		return c.Prev()
	}
	return k, v
}

// after is the first key beyond all keys with a prefix; nil if there is none.
func after(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
