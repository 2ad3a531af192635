package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"tandem/store"
	"tandem/store/bolt"
	"tandem/store/engine"
	"tandem/store/storetest"
)

var subject = storetest.Subject{
	Durable: true,
	Open: func(dir string, o engine.Options) (store.Store, error) {
		return bolt.Open(filepath.Join(dir, "tandem.db"), o)
	},
}

func TestMain(m *testing.M) {
	storetest.Child(subject)
	os.Exit(m.Run())
}

func TestStore(t *testing.T) { storetest.Run(t, subject) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, subject) }

func TestFileBelongsToOneProcess(t *testing.T) {
	dir := t.TempDir()
	s, err := subject.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := subject.Open(dir, engine.Options{}); !errors.Is(err, bolt.ErrInUse) {
		t.Fatalf("got %v, want ErrInUse", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "tandem.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v, want mode 0600", info, err)
	}
}

func TestAnotherLayoutIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tandem.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("meta"))
		if err != nil {
			return err
		}
		return b.Put([]byte("form"), []byte{99})
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	if _, err := subject.Open(dir, engine.Options{}); !errors.Is(err, bolt.ErrForm) {
		t.Fatalf("got %v, want ErrForm", err)
	}
	if err := os.WriteFile(path, []byte("not a store"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := subject.Open(dir, engine.Options{}); err == nil {
		t.Fatal("got nil, want an error for a file that is no store")
	}
}
