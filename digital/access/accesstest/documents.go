package accesstest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/digital/access"
)

// Documents tries all that access.Documents promises on an empty set of documents that open gives.
func Documents(t *testing.T, open func(*testing.T) access.Documents) {
	t.Run("versions", func(t *testing.T) { versions(t, open(t)) })
	t.Run("list", func(t *testing.T) { list(t, open(t)) })
	t.Run("expiry", func(t *testing.T) { expiry(t, open(t)) })
	t.Run("race", func(t *testing.T) { race(t, open(t)) })
}

func versions(t *testing.T, docs access.Documents) {
	ctx := t.Context()
	put := func(version uint64, body string, want error) uint64 {
		t.Helper()
		got, err := docs.Put(ctx, access.Document{Key: "a/1", Version: version, Body: []byte(body)})
		if !errors.Is(err, want) {
			t.Errorf("put over version %d: got %v, want %v", version, err, want)
		}
		return got
	}
	if _, err := docs.Get(ctx, "a/1"); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	put(7, "x", access.ErrVersion)
	v1 := put(0, "one", nil)
	put(0, "again", access.ErrVersion)
	v2 := put(v1, "two", nil)
	if v1 == 0 || v2 <= v1 {
		t.Errorf("versions %d and %d do not grow", v1, v2)
	}
	put(v1, "old", access.ErrVersion)
	if d, err := docs.Get(ctx, "a/1"); err != nil || d.Version != v2 || string(d.Body) != "two" || d.Key != "a/1" {
		t.Errorf("got %+v, %v", d, err)
	}
	if err := docs.Delete(ctx, "a/1", v1); !errors.Is(err, access.ErrVersion) {
		t.Errorf("got %v, want ErrVersion", err)
	}
	if err := docs.Delete(ctx, "a/1", v2); err != nil {
		t.Error(err)
	}
	if err := docs.Delete(ctx, "a/1", 0); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	put(v2, "gone", access.ErrVersion)
	put(0, "new", nil)
	if err := docs.Delete(ctx, "a/1", 0); err != nil {
		t.Error(err)
	}
}

func list(t *testing.T, docs access.Documents) {
	for _, key := range []string{"b/2", "a/3", "b/1", "b/3", "c/1"} {
		if _, err := docs.Put(t.Context(), access.Document{Key: key, Body: []byte(key)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		prefix, after string
		limit         int
		want          string
	}{{"b/", "", 10, "[b/1 b/2 b/3]"}, {"b/", "b/1", 10, "[b/2 b/3]"}, {"b/", "", 2, "[b/1 b/2]"}, {"d/", "", 10, "[]"}, {"b/", "b/3", 10, "[]"},
		{"b/", "b/", 1, "[b/1]"}, {"b/", "", access.MaxList, "[b/1 b/2 b/3]"}} {
		got, err := docs.List(t.Context(), tt.prefix, tt.after, tt.limit)
		keys := []string{}
		for _, d := range got {
			keys = append(keys, d.Key)
			if string(d.Body) != d.Key || d.Version == 0 {
				t.Errorf("got %+v", d)
			}
		}
		if fmt.Sprint(keys) != tt.want || err != nil {
			t.Errorf("%q after %q: got %v, %v, want %s", tt.prefix, tt.after, keys, err, tt.want)
		}
	}
}

func expiry(t *testing.T, docs access.Documents) {
	ctx := t.Context()
	if _, err := docs.Put(ctx, access.Document{Key: "a/over", Body: []byte("x"), Expires: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	if _, err := docs.Put(ctx, access.Document{Key: "a/live", Body: []byte("x"), Expires: at}); err != nil {
		t.Fatal(err)
	}
	if _, err := docs.Get(ctx, "a/over"); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound for one that is over", err)
	}
	if d, err := docs.Get(ctx, "a/live"); err != nil || !d.Expires.Equal(at) {
		t.Errorf("got %+v, %v, want its end kept", d, err)
	}
	if got, err := docs.List(ctx, "a/", "", 10); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v, want the live one", got, err)
	}
	if _, err := docs.Put(ctx, access.Document{Key: "a/over", Body: []byte("new")}); err != nil {
		t.Errorf("got %v, want the place of one that is over free", err)
	}
}

// race lets many write over one version: one of them wins.
func race(t *testing.T, docs access.Documents) {
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			_, err := docs.Put(t.Context(), access.Document{Key: "a/1", Body: []byte{byte(i + 1)}})
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, access.ErrVersion) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := won.Load(); n != 1 {
		t.Errorf("%d writers won, want one", n)
	}
}
