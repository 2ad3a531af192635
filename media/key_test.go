package media

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"strings"
	"testing"
)

// TestKeysStaySecret: no way of printing shows one, and none is lost on the way to an engine in another process.
func TestKeysStaySecret(t *testing.T) {
	k := NewKey(CM80, bytes.Repeat([]byte("A"), 16), bytes.Repeat([]byte("A"), 14))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{k, &k, Keys{Send: k}, &Keys{Recv: k}, Configure{Config: StreamConfig{SRTP: Keys{Send: k, Recv: k}}}} {
			text := fmt.Sprintf(verb, v)
			for _, secret := range []string{"AAA", "65 65", "65, 65", "414141", "0x41, 0x41"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s of %T: %s", verb, v, text)
				}
			}
		}
	}
	var wire bytes.Buffer
	sent, got := StreamConfig{SRTP: Keys{Send: k}}, StreamConfig{}
	if err := gob.NewEncoder(&wire).Encode(sent); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&wire).Decode(&got); err != nil || got.SRTP != sent.SRTP {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestSuites(t *testing.T) {
	for s := NoSuite; s <= CM32+1; s++ {
		key, salt := s.Sizes()
		if known := s >= AEAD128 && s <= CM32; known != (key > 0 && salt > 0 && key+salt <= maxSecret) && s <= CM32 {
			t.Errorf("%s: %d and %d octets", s, key, salt)
		}
	}
}
