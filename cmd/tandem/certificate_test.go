package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/cmd/tandem/config"
	"tandem/sip/transport"
)

// certify writes a certificate for 127.0.0.1 with its key into a folder.
func certify(t *testing.T, dir string, serial int64) (files config.TLS, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files = config.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	shown := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, text := range map[string][]byte{files.Certificate: shown, files.Key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(shown)
	return files, roots
}

// TestCertificate: the door answers https; a new certificate in the same files is shown without a restart, and broken files do no harm.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	files, roots := certify(t, dir, 1)
	cfg := &config.Config{TLS: files, HTTP: config.HTTP{TLS: true}}
	cfg.HTTP.Listen.UnmarshalText([]byte("127.0.0.1:0"))
	var log bytes.Buffer
	show, err := openCertificate(cfg, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	_, door, err := openSockets(cfg, show, nil, prometheus.NewRegistry(), discard)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go func() { _ = server.Serve(door) }()
	t.Cleanup(func() { _ = server.Close() })
	serial := func(how *tls.Config) (int64, error) {
		client := http.Client{Transport: &http.Transport{TLSClientConfig: how, DisableKeepAlives: true}}
		res, err := client.Get("https://" + door.Addr().String())
		if err != nil {
			return 0, err
		}
		_ = res.Body.Close()
		return res.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
	}
	if n, err := serial(&tls.Config{RootCAs: roots}); n != 1 || err != nil {
		t.Errorf("got certificate %d, %v", n, err)
	}
	if n, err := serial(show.client()); n != 1 || err != nil {
		t.Errorf("another node got certificate %d, %v", n, err)
	}
	_, roots = certify(t, dir, 2)
	later := func() { // than certificateEvery
		show.mu.Lock()
		defer show.mu.Unlock()
		show.looked = time.Now().Add(-2 * certificateEvery)
	}
	if err := os.Chtimes(files.Certificate, time.Time{}, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n, err := serial(&tls.Config{InsecureSkipVerify: true}); n != 1 || err != nil {
		t.Errorf("got certificate %d, %v, for the files were just looked at", n, err)
	}
	later()
	if n, err := serial(&tls.Config{RootCAs: roots}); n != 2 || err != nil {
		t.Errorf("got certificate %d, %v, want the new one", n, err)
	}
	if err := os.WriteFile(files.Key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(files.Key, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	later()
	if n, err := serial(&tls.Config{RootCAs: roots}); n != 2 || err != nil || !strings.Contains(log.String(), "certificate not read anew") {
		t.Errorf("with a broken key: certificate %d, %v; the log says %s", n, err, log.String())
	}
	other, _ := certify(t, t.TempDir(), 3)
	stranger, err := openCertificate(&config.Config{TLS: other, HTTP: config.HTTP{TLS: true}}, discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := serial(stranger.client()); err == nil || !strings.Contains(err.Error(), "another certificate") {
		t.Errorf("a node with another certificate got %v", err)
	}
	if _, err := openCertificate(&config.Config{TLS: config.TLS{Certificate: "none", Key: "none"}, HTTP: config.HTTP{TLS: true}}, discard); err == nil {
		t.Error("a certificate that is not there is no fault")
	}
}

// TestTLSBelongsToItsHost: the port for TLS is another way to the endpoint of its host.
func TestTLSBelongsToItsHost(t *testing.T) {
	files, _ := certify(t, t.TempDir(), 1)
	cfg := &config.Config{TLS: files}
	for _, l := range []string{"tls 127.0.0.1:0", "udp 127.0.0.1:0", "tcp 127.0.0.1:0", "tls 127.0.0.2:0"} {
		var at config.Listen
		if err := at.UnmarshalText([]byte(l)); err != nil {
			t.Fatal(err)
		}
		cfg.SIP.Listen = append(cfg.SIP.Listen, at)
	}
	cfg.HTTP.Listen.UnmarshalText([]byte("127.0.0.1:0"))
	show, err := openCertificate(cfg, discard)
	if err != nil {
		t.Fatal(err)
	}
	list, door, err := openSockets(cfg, show, nil, prometheus.NewRegistry(), discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	if len(list) != 2 {
		t.Fatalf("%d endpoints, want one for each host", len(list))
	}
	for i, want := range []map[string]bool{{transport.UDP: true, transport.TCP: true, transport.TLS: true}, {transport.TLS: true}} {
		for _, name := range []string{transport.UDP, transport.TCP, transport.TLS} {
			if _, ok := list[i].Local(name); ok != want[name] {
				t.Errorf("endpoint %d serves %s: %t", i, name, ok)
			}
		}
	}
}
