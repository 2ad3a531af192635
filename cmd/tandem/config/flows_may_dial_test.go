package config

import (
	"errors"
	"strings"
	"testing"
)

// The word that lets flows dial outside is no endpoint, so nobody may be called so.
func TestFlowsMayDial(t *testing.T) {
	read := func(text string) error {
		_, _, err := Load(Source{Dir: t.TempDir(), Files: []File{{"a.yaml", []byte(text)}},
			Env: func(string) (string, bool) { return "long enough to be good", true }})
		return err
	}
	const trunk = "trunks:\n  t: {sources: [127.0.0.2/32], targets: [{host: 127.0.0.2}]}\noutbound:\n  - {pattern: \"+*\", trunks: [t], allow: [flows]}\n"
	if err := read(trunk); err != nil {
		t.Errorf("allow: [flows]: got %v, want none", err)
	}
	err := read(trunk + "endpoints:\n  flows: {extension: 200, password: \"${env:X}\"}\n")
	if !errors.Is(err, ErrFaults) || !strings.Contains(err.Error(), `"flows" is built in`) {
		t.Errorf("an endpoint called flows: got %v, want a fault", err)
	}
}
