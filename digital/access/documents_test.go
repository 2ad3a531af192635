package access_test

import (
	"strings"
	"testing"

	"tandem/digital/access"
	"tandem/digital/access/accesstest"
)

func TestMemory(t *testing.T) {
	accesstest.Documents(t, func(*testing.T) access.Documents { return access.NewMemory(100) })
	m := access.NewMemory(2)
	for i, key := range []string{"a", "b", "c"} {
		if _, err := m.Put(t.Context(), access.Document{Key: key, Body: []byte("x")}); (err != nil) != (i == 2) {
			t.Errorf("%s: got %v, want room for two", key, err)
		}
	}
	for _, d := range []access.Document{{}, {Key: strings.Repeat("k", 129)}, {Key: "k", Body: make([]byte, access.MaxDocument+1)}} {
		if _, err := access.NewMemory(2).Put(t.Context(), d); err == nil {
			t.Errorf("a document beyond the limits was taken: %.20q", d.Key)
		}
	}
}
