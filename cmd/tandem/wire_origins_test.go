package main

import (
	"slices"
	"testing"
)

// TestOrigins: pages of other sites come by TLS; those of this machine may come without.
func TestOrigins(t *testing.T) {
	for host, want := range map[string][]string{
		"shop.example":      {"https://shop.example"},
		"192.0.2.1:8080":    {"https://192.0.2.1:8080"},
		"127.example":       {"https://127.example"},
		"localhost:3000":    {"https://localhost:3000", "http://localhost:3000"},
		"127.0.0.1:3000":    {"https://127.0.0.1:3000", "http://127.0.0.1:3000"},
		"[::1]:3000":        {`https://\[::1\]:3000`, `http://\[::1\]:3000`},
		"*.Shop.example":    {"https://*.shop.example"},
		"localhost.example": {"https://localhost.example"},
	} {
		if got := originsOf([]string{host}); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
}
