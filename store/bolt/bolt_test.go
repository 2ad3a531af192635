package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tandem/store"
	"tandem/store/bolt"
	"tandem/store/engine"
	"tandem/store/journey"
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

// TestDataWithoutItsKeysIsRefused wants the key file back instead of a store in which nobody is known.
func TestDataWithoutItsKeysIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := subject.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	keys := filepath.Join(dir, "tandem.db.keys")
	if info, err := os.Stat(keys); err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Fatalf("got %v, %v", info, err)
	}
	if err := os.Rename(keys, keys+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := subject.Open(dir, engine.Options{}); !errors.Is(err, engine.ErrKeys) {
		t.Fatalf("got %v, want ErrKeys", err)
	}
	if err := os.Rename(keys+".away", keys); err != nil {
		t.Fatal(err)
	}
	if s, err = subject.Open(dir, engine.Options{}); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}

// TestErasedKeyIsGoneFromTheFile looks at the key file itself: no key that it held for the customer is there afterwards.
func TestErasedKeyIsGoneFromTheFile(t *testing.T) {
	dir := t.TempDir()
	s, err := subject.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	at := time.Unix(1, 0)
	r, err := store.ResolveWait(context.Background(), s, store.Contact{At: at, Identities: []journey.Identity{{Type: journey.Tel, Value: "+491"}}})
	if err != nil {
		t.Fatal(err)
	}
	ev := journey.Event{Record: r.Record, At: at, Kind: journey.MessageIn, Data: map[string]string{journey.DataText: "hello"}}
	if _, err := store.AppendWait(context.Background(), s, store.Batch{Events: []journey.Event{ev}}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "tandem.db.keys"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.AppendWait(context.Background(), s, store.Batch{Erase: []store.Erasure{{Customer: r.Customer, At: at}}}); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "tandem.db.keys"))
	if err != nil {
		t.Fatal(err)
	}
	gone := 0
	for i := 32; i < len(before); i += 32 {
		if !bytes.Equal(before[i:i+32], after[i:i+32]) {
			gone++
			if !bytes.Equal(after[i:i+32], make([]byte, 32)) {
				t.Fatalf("slot %d was written over with something", i/32)
			}
		}
	}
	if gone != 2 {
		t.Fatalf("got %d keys destroyed, want that of the customer and that of the record", gone)
	}
}
