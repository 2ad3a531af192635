package rig

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFaultsOfSIPp(t *testing.T) {
	head := func(text string) string { return "2026-11-22\t07:06:52.327972\t1795331212.327972: " + text }
	dead := head("Dead call 1-30664@127.0.0.1 (successful), received 'SIP/2.0 200 OK\r\n\r\n'")
	for _, c := range []struct{ name, file, want string }{
		{"nothing", "", ""},
		{"a late answer", "The following events occurred:\n" + dead, ""},
		{"a fault between two", "The following events occurred:\n" + dead + head("Aborting call") + dead, "Aborting call"},
		{"a call that failed", head("Dead call 1-1@127.0.0.1 (aborted), received"), "Dead call 1-1@127.0.0.1 (aborted), received"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &SIPp{Process: &Process{Dir: t.TempDir()}}
			if err := os.WriteFile(filepath.Join(s.Dir, "errors"), []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := s.faults(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
