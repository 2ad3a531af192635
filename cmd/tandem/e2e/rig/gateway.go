package rig

import (
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a Body writes as an endpoint's or trunk's password, and what that is.
const (
	PasswordRef = `"${env:TANDEM_E2E_PASSWORD}"`
	Password    = "for-loopback-only"
	Domain      = "e2e.test" // of every site
)

// Site is what a test configures. Addresses, ports and paths are the rig's.
type Site struct {
	SIP     string            // further lines of the section sip, not indented
	Media   string            // further lines of the section media, not indented
	Body    string            // all other sections: endpoints, trunks, queues, numbers, …
	Flows   map[string]string // flow files by name, "main.yaml"
	TLS     bool              // listen for SIP over TLS too, with a certificate of the rig's
	Record  bool              // record every bridged call
	Demo    bool              // serve the customer's page and telephone
	Level   string            // of the log; empty: info
	Frames  []string          // sites that may show the chat
	Speaks  []string          // languages of customers; empty: English
	Origins []string          // hosts of other sites whose pages may connect
	Env     []string          // of the process, "NAME=value"
	Redis   string            // address of a Redis that keeps the store; empty: a file
}

// Gateway is a site with its process.
type Gateway struct {
	*Process
	Site   Site
	Host   netip.Addr     // of everything it binds
	SIP    netip.AddrPort // UDP and TCP
	TLS    netip.AddrPort // SIP over TLS, where the Site wants it
	HTTP   netip.AddrPort
	Socket string // of the command line
	Data   string // folder with the configuration, store, recordings and CDRs

	binary string
}

// starting bounds how long a gateway may take until it is ready, stopping how long until it is gone.
const (
	starting = 20 * time.Second
	stopping = 75 * time.Second
)

// Start starts a gateway with a new folder and waits until it is ready. At the end of the test it is told to end; the test
// fails if it does not, or if its log holds a panic.
func Start(t testing.TB, s Site) *Gateway {
	t.Helper()
	g := &Gateway{Site: s, Host: Host(t), Data: Folder(t), binary: Binary(t)}
	g.SIP = netip.AddrPortFrom(g.Host, Port(t, g.Host))
	if s.TLS {
		g.TLS = netip.AddrPortFrom(g.Host, Port(t, g.Host))
		certify(t, g.Host, filepath.Join(g.Data, "cert.pem"), filepath.Join(g.Data, "key.pem"))
	}
	g.HTTP = netip.AddrPortFrom(g.Host, Port(t, g.Host))
	g.Socket = filepath.Join(g.Data, "control.sock")
	g.write(t)
	g.Restart(t)
	t.Cleanup(func() {
		g.Stop(t)
		g.judge(t)
	})
	return g
}

func (g *Gateway) write(t testing.TB) {
	t.Helper()
	put := func(name, text string) {
		path := filepath.Join(g.Data, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("tandem.yaml", g.yaml())
	for name, text := range g.Site.Flows {
		put(filepath.Join("flows", name), text)
	}
}

// Config is the path of the configuration.
func (g *Gateway) Config() string { return filepath.Join(g.Data, "tandem.yaml") }

func (g *Gateway) yaml() string {
	var b strings.Builder
	s := g.Site
	level := s.Level
	if level == "" {
		level = "info"
	}
	more := ""
	if s.TLS {
		more = ", tls " + g.TLS.String()
		fmt.Fprintln(&b, "tls: {certificate: cert.pem, key: key.pem}")
	}
	fmt.Fprintf(&b, "sip:\n  listen: [udp %s, tcp %s%s]\n  domain: %s\n%s", g.SIP, g.SIP, more, Domain, indent(s.SIP))
	fmt.Fprintf(&b, "media:\n  address: %s\n  ports: 10000-14999\n  browsers: %s:8443\n%s", g.Host, g.Host, indent(s.Media))
	if len(s.Speaks) > 0 {
		fmt.Fprintf(&b, "languages: [%s]\n", strings.Join(s.Speaks, ", "))
	}
	fmt.Fprintf(&b, "http: {listen: %q, demo: %t, origins: [%s], frames: [%s]}\nstore: {path: tandem.db, redis: {address: %q}}\nrecordings: {path: recordings, on: %t}\n", g.HTTP.String(), s.Demo, strings.Join(s.Origins, ", "), strings.Join(s.Frames, ", "), s.Redis, s.Record)
	fmt.Fprintf(&b, "cdr: {path: cdr.jsonl}\ncontrol: {socket: control.sock}\nlog: {level: %s}\n", level)
	if len(s.Flows) > 0 {
		fmt.Fprintf(&b, "flows: flows\n")
	}
	return b.String() + s.Body
}

// indent puts lines below a section.
func indent(text string) string {
	if text = strings.Trim(text, "\n"); text == "" {
		return ""
	}
	return "  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
}

// Restart starts the process again on the same data, addresses and ports, and waits until it is ready. Its log goes on in the same file.
func (g *Gateway) Restart(t testing.TB) {
	t.Helper()
	g.Process = Run(t, Program{Name: g.binary, Args: []string{"serve", "--config", g.Config()}, Dir: g.Data,
		Env: append([]string{"TANDEM_E2E_PASSWORD=" + Password}, g.Site.Env...)})
	url := "http://" + g.HTTP.String() + "/readyz"
	Await(t, "the gateway is ready; it says:\n"+g.Log(), starting, func() bool {
		if !g.Alive() {
			t.Fatalf("the gateway ended; it says:\n%s", g.Log())
		}
		res, err := http.Get(url)
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// Stop tells the gateway to end and waits; the test fails if that takes too long or the exit code is not 0.
func (g *Gateway) Stop(t testing.TB) {
	t.Helper()
	if !g.Alive() {
		return
	}
	if code := g.End(syscall.SIGTERM, stopping); code != 0 {
		t.Errorf("the gateway ended with %d; it says:\n%s", code, tail(g.Log()))
	}
}

// Kill ends the process as a power cut would.
func (g *Gateway) Kill(t testing.TB) {
	t.Helper()
	g.End(syscall.SIGKILL, stopping)
}

// judge fails the test for what no gateway may ever write.
func (g *Gateway) judge(t testing.TB) {
	t.Helper()
	log := g.Log()
	for _, never := range []string{"panic", "goroutine ", "DATA RACE"} {
		if strings.Contains(log, never) {
			t.Errorf("the gateway's log holds %q:\n%s", never, tail(log))
			return
		}
	}
	if t.Failed() {
		t.Logf("the gateway's log:\n%s", tail(log))
	}
}

// tail is the end of a long text.
func tail(text string) string {
	const most = 6000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}
