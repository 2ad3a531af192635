package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/digital"
	"tandem/digital/webchat"
	"tandem/store"
)

func TestVisitSessionsAreKept(t *testing.T) {
	ctx, v := context.Background(), visitSessions{documents{openMemory(t)}}
	hash := strings.Repeat("ab", 32)
	if _, err := v.Get(ctx, hash); !errors.Is(err, webchat.ErrNoSession) {
		t.Fatalf("got %v, want %v", err, webchat.ErrNoSession)
	}
	want := webchat.Session{Visitor: "w_1", Conversation: "v_1", Created: time.Now().UTC(), Expires: time.Now().Add(time.Hour).UTC()}
	for _, conversation := range []string{"v_1", "v_2"} { // the second time it is changed
		want.Conversation = conversation
		if err := v.Put(ctx, hash, want); err != nil {
			t.Fatal(err)
		}
		got, err := v.Get(ctx, hash)
		if err != nil || got.Visitor != want.Visitor || got.Conversation != conversation || !got.Expires.Equal(want.Expires) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	}
	want.Expires = time.Now().Add(-time.Second)
	if err := v.Put(ctx, hash, want); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Get(ctx, hash); !errors.Is(err, webchat.ErrNoSession) {
		t.Fatalf("an expired session is found: %+v, %v", got, err)
	}
}

// storeAway is a store whose medium is gone.
type storeAway struct{ store.Store }

func (storeAway) Document(string) (store.Document, error) {
	return store.Document{}, fmt.Errorf("%w: connection refused", store.ErrUnhealthy)
}

func (storeAway) Append(store.Batch, func(store.Receipt)) error { return store.ErrUnhealthy }

// TestVisitSessionsWithoutAStore: a visitor is asked to come again, not told of an error that no repeat would help.
func TestVisitSessionsWithoutAStore(t *testing.T) {
	ctx, v := context.Background(), visitSessions{documents{storeAway{}}}
	if _, err := v.Get(ctx, strings.Repeat("ab", 32)); !errors.Is(err, webchat.ErrBusy) {
		t.Errorf("get: %v, want %v", err, webchat.ErrBusy)
	}
	if err := v.Put(ctx, strings.Repeat("ab", 32), webchat.Session{}); !errors.Is(err, webchat.ErrBusy) {
		t.Errorf("put: %v, want %v", err, webchat.ErrBusy)
	}
}

// broken fails after a few bytes.
type broken struct{ n int }

func (b *broken) Read(p []byte) (int, error) {
	if b.n++; b.n > 1 {
		return 0, io.ErrUnexpectedEOF
	}
	return copy(p, "half"), nil
}

func TestVisitFiles(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	v := visitFiles{dir}
	conversation, other := "v_"+strings.Repeat("a", 26), "v_"+strings.Repeat("b", 26)
	ref, err := v.Put(ctx, conversation, digital.Attachment{Name: "bill.pdf", Type: "application/pdf", Size: 5}, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := v.Find(ctx, conversation, ref)
	if err != nil || a.Name != "bill.pdf" || a.Ref != ref {
		t.Fatalf("got %+v, %v", a, err)
	}
	file, err := v.Open(ctx, conversation, ref)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, err := io.ReadAll(file); err != nil || string(text) != "hello" {
		t.Fatalf("got %q, %v", text, err)
	}
	info, err := os.Stat(filepath.Join(dir, conversation, ref))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v, want a file that nobody else reads", info.Mode(), err)
	}
	for _, c := range [][2]string{{other, ref}, {conversation, strings.Repeat("z", 26)}, {"..", ref}, {"v_../..", ref}, {conversation, "../" + ref},
		{conversation, ref + ".json"}, {"", ref}, {conversation, ""}, {conversation + "/x", ref}} {
		if _, err := v.Find(ctx, c[0], c[1]); !errors.Is(err, webchat.ErrNoFile) {
			t.Errorf("find %q: got %v, want %v", c, err, webchat.ErrNoFile)
		}
		if _, err := v.Open(ctx, c[0], c[1]); !errors.Is(err, webchat.ErrNoFile) {
			t.Errorf("open %q: got %v, want %v", c, err, webchat.ErrNoFile)
		}
	}
	if _, err := v.Put(ctx, "../out", digital.Attachment{}, strings.NewReader("x")); !errors.Is(err, webchat.ErrNoFile) {
		t.Errorf("got %v, want %v", err, webchat.ErrNoFile)
	}
	if _, err := v.Put(ctx, other, digital.Attachment{}, &broken{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
	if left, err := os.ReadDir(filepath.Join(dir, other)); err != nil || len(left) != 0 {
		t.Errorf("half a file is left: %v, %v", left, err)
	}
}
