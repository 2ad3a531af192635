package api

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"tandem/digital/access"
)

// BenchmarkRead is a list through the whole door: token, limits, roles, handler, JSON.
func BenchmarkRead(b *testing.B) {
	r := benchRig(b)
	for b.Loop() {
		r.bench(b, "GET", "/v1/queues", "", "", 200)
	}
}

// BenchmarkCommand is a POST without and with an Idempotency-Key.
func BenchmarkCommand(b *testing.B) {
	for _, keyed := range []bool{false, true} {
		b.Run("keyed="+strconv.FormatBool(keyed), func(b *testing.B) {
			r, n := benchRig(b), 0
			for b.Loop() {
				key := ""
				if n++; keyed {
					key = "k" + strconv.Itoa(n)
				}
				r.bench(b, "POST", "/v1/calls", callBody, key, 201)
			}
		})
	}
}

func benchRig(b *testing.B) *rig {
	docs := access.NewMemory(1 << 24)
	k, err := access.New(access.Config{Areas: Areas(), AddressRate: 1e9, AddressBurst: 1e9, TokenRate: 1e9, TokenBurst: 1e9}, access.Parts{Documents: docs})
	if err != nil {
		b.Fatal(err)
	}
	h := &house{}
	s, err := New(Parts{Keeper: k, Documents: docs, Rooms: Rooms{Queues: h, Calls: h}})
	if err != nil {
		b.Fatal(err)
	}
	_, secret, err := k.IssueToken(b.Context(), access.Token{Name: "bench", Role: access.Admin})
	if err != nil {
		b.Fatal(err)
	}
	return &rig{house: h, server: s, door: k.Wrap(s), tokens: map[access.Role]string{access.Admin: secret}}
}

func (r *rig) bench(b *testing.B, method, path, body, key string, want int) {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+r.tokens[access.Admin])
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set(keyHeader, key)
	}
	w := httptest.NewRecorder()
	r.door.ServeHTTP(w, req)
	if w.Code != want {
		b.Fatalf("got %d: %s", w.Code, w.Body)
	}
	r.house.asked = nil
}
