package transport

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tandem/sip"
)

// judge is a Receiver that notes the verdict on one message.
type judge struct{ verdict string }

func (j *judge) Receive(msg sip.Message, _ Flow) {
	j.verdict = "ok"
	if req, ok := msg.(*sip.Request); ok {
		if status, _, _ := sip.Validate(req); status != 0 {
			j.verdict = strconv.Itoa(status)
		}
	}
}

func (j *judge) Malformed(msg sip.Message, _ Flow, _ error) {
	j.verdict = "drop"
	if _, ok := msg.(*sip.Request); ok {
		j.verdict = "400"
	}
}

func (j *judge) FlowClosed(Flow, error) {}

// verdictOf sends one datagram through an endpoint without sockets.
func verdictOf(t testing.TB, data []byte) string {
	t.Helper()
	e, err := New(Config{Name: "torture"}, Sockets{})
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{verdict: "drop"}
	e.recv = j
	e.datagram(data, netip.MustParseAddrPort("192.0.2.99:5060"))
	return j.verdict
}

// TestTorture runs the messages of RFC 4475. The verdict stands in the file name: ok, drop, or the status they deserve.
func TestTorture(t *testing.T) {
	files, err := filepath.Glob("../../testdata/rfc4475/*.dat")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, want 50: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.Split(filepath.Base(file), ".")
		t.Run(name[0], func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := verdictOf(t, data); got != name[1] {
				t.Errorf("got %s, want %s", got, name[1])
			}
		})
	}
}
