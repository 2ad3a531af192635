package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/demo"
)

func demoConfig(t *testing.T, change ...string) *config.Config {
	t.Helper()
	text := strings.NewReplacer(change...).Replace(string(demo.Config()))
	c, _, err := config.Load(config.Source{Files: []config.File{{Name: "t.yaml", Data: []byte(text)}}, Dir: t.TempDir(), Flows: demo.Flows(), Prompts: demo.Prompts()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func one(t *testing.T, list []finding, id string) finding {
	t.Helper()
	for _, f := range list {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("no finding %s in %+v", id, list)
	return finding{}
}

func TestDoctorNamesWhoHoldsAPort(t *testing.T) {
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	addr := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	f := checkPort("port-sip-udp", "udp", addr, 0)
	if f.Verdict != trouble || !strings.Contains(f.Evidence, "address already in use") || !strings.Contains(f.Evidence, "held by") || f.Fix == "" {
		t.Fatalf("got %+v", f)
	}
	if f := checkPort("port-sip-udp", "udp", addr, os.Getpid()); f.Verdict != fine {
		t.Fatalf("got %+v, want our own gateway accepted", f)
	}
	_ = udp.Close()
	if f := checkPort("port-sip-udp", "udp", addr, 0); f.Verdict != fine {
		t.Fatalf("got %+v", f)
	}
}

func TestSocketsOn(t *testing.T) {
	const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:13C4 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1
   1: 0100007F:13C4 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 222 1
   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1
 short line
`
	if got := socketsOn(text, "tcp", 5060); len(got) != 1 || got[0] != "111" {
		t.Fatalf("got %v, want the listening socket", got)
	}
	if got := socketsOn(text, "udp", 5060); len(got) != 2 {
		t.Fatalf("got %v, want every UDP socket", got)
	}
}

func TestDoctorChecks(t *testing.T) {
	files, _ := certify(t, t.TempDir(), 1)
	for _, c := range []struct {
		name   string
		change []string
		check  func(*config.Config) []finding
		id     string
		want   verdict
	}{
		{"range", nil, checkRange, "rtp-range", fine},
		{"range too small", []string{"20000-29999", "20000-20100"}, checkRange, "rtp-range", trouble},
		{"range overlaps the system's", []string{"20000-29999", "20000-60000"}, checkRange, "rtp-ephemeral", warning},
		{"addresses", nil, checkAddresses, "addresses", fine},
		{"audio address is not ours", []string{"address: 127.0.0.1", "address: 192.0.2.7"}, checkAddresses, "address-media", trouble},
		{"audio anywhere", []string{"address: 127.0.0.1", "address: 0.0.0.0"}, checkAddresses, "address-advertise", trouble},
		{"signalling anywhere", []string{"udp 127.0.0.1:5060", "udp 0.0.0.0:5060"}, checkAddresses, "address-sip", trouble},
		{"silent calls", []string{"udp 127.0.0.1:5060", "udp 192.0.2.7:5060"}, checkAddresses, "address-mixed", trouble},
		{"files", []string{"max_calls: 500", "max_calls: 2000000000"}, checkFiles, "open-files", trouble},
		{"disk", nil, checkDisk, "disk-store", fine},
		{"no shared store", []string{"store:\n", "store:\n  redis: {address: \"127.0.0.1:1\"}\n"}, checkStore, "store-redis", trouble},
		{"no certificate", []string{"http:\n", "tls: {certificate: none.pem, key: none.pem}\nhttp:\n  tls: true\n"}, checkCertificate, "certificate", trouble},
		{"a certificate's last day", []string{"http:\n", fmt.Sprintf("tls: {certificate: %s, key: %s}\nhttp:\n  tls: true\n", files.Certificate, files.Key)}, checkCertificate, "certificate", warning},
		{"weak on loopback", nil, checkPasswords, "password-anna", warning},
		{"weak in public", []string{"udp 127.0.0.1:5060", "udp 192.0.2.7:5060"}, checkPasswords, "password-anna", trouble},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := one(t, c.check(demoConfig(t, c.change...)), c.id)
			if f.Verdict != c.want || f.Evidence == "" || f.Verdict == trouble && f.Fix == "" {
				t.Fatalf("got %+v, want %s", f, c.want)
			}
		})
	}
}

func TestClock(t *testing.T) {
	if f := clock(time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC)); f.Verdict != trouble || f.Fix == "" {
		t.Fatalf("got %+v, want a clock that was never set found", f)
	}
}

func TestDoctorFailsOnProblemsOnly(t *testing.T) {
	s := newShell(t)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tcp.Close() }()
	port := netip.MustParseAddrPort(tcp.Addr().String()).String()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	browsers := udp.LocalAddr().String()
	text := strings.NewReplacer("127.0.0.1:8080", port, "127.0.0.1:8443", browsers, "127.0.0.1:5060", "127.0.0.1:0", "  flow: chat\n", "").Replace(string(demo.Config()))
	text += "flows: flows\n"
	if err := os.MkdirAll("flows", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("flows/main.yaml", []byte("flow: main\nstart: bye\nsteps:\n  bye: {hangup: 16}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("t.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := s.run("doctor", "-c", "t.yaml", "-o", "json"); code != exitFailed {
		t.Fatalf("got exit %d: %s", code, s.err.String())
	}
	var list []finding
	if err := json.Unmarshal(s.out.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	for _, held := range []string{"port-http", "port-browsers"} {
		if f := one(t, list, held); f.Verdict != trouble {
			t.Fatalf("got %+v", f)
		}
	}
	_, _ = tcp.Close(), udp.Close()
	if code := s.run("doctor", "-c", "t.yaml"); code != exitDone || !strings.Contains(s.out.String(), "CHECK") {
		t.Fatalf("got exit %d: %s%s", code, s.out.String(), s.err.String())
	}
}
