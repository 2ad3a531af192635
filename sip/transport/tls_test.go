package transport_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"

	"tandem/sip"
	"tandem/sip/transport"
)

// certified returns a configuration that shows, and trusts, one certificate for sip.example.com.
func certified(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"sip.example.com"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, RootCAs: pool}
}

// tlsEvents is a Receiver for one side.
type tlsEvents struct {
	got    chan transport.Flow
	closed chan error
}

func (e tlsEvents) Receive(_ sip.Message, f transport.Flow)      { e.got <- f }
func (e tlsEvents) Malformed(sip.Message, transport.Flow, error) {}
func (e tlsEvents) FlowClosed(_ transport.Flow, err error)       { e.closed <- err }

func secured(t *testing.T, conf *tls.Config) (*transport.Endpoint, tlsEvents) {
	t.Helper()
	e, err := transport.Listen(transport.Config{Name: "tls", TLS: "127.0.0.1:0", TLSConfig: conf})
	if err != nil {
		t.Fatal(err)
	}
	ev := tlsEvents{make(chan transport.Flow, 10), make(chan error, 10)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, ev) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return e, ev
}

// open waits until Serve runs.
func open(t *testing.T, e *transport.Endpoint, f transport.Flow, name string) {
	t.Helper()
	for {
		err := e.Open(f, name)
		if err == nil {
			return
		}
		if err != transport.ErrNotServed {
			t.Fatal(err)
		}
	}
}

func TestTLS(t *testing.T) {
	conf := certified(t)
	server, heard := secured(t, conf)
	caller, told := secured(t, conf)
	local, _ := server.Local(transport.TLS)
	flow := caller.Flow(transport.TLS, local)
	open(t, caller, flow, "sip.example.com")
	if err := caller.Write(flow, []byte(options("1"))); err != nil {
		t.Fatal(err)
	}
	back := <-heard.got
	if back.Transport != transport.TLS || !back.Reliable() {
		t.Errorf("flow %s", back)
	}
	if err := server.Write(back, []byte("SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-told.got
	server.CloseFlow(back)
	<-heard.closed
	<-told.closed
	open(t, caller, flow, "other.example.com")
	if err := <-told.closed; err == nil {
		t.Error("a certificate for another name was taken")
	}
}

// TestTLSNameOfAnother: two trunks on one address: what is meant for one never goes over a connection that proved the other's
// name, or none, and nothing is dialled without a name to ask for.
func TestTLSNameOfAnother(t *testing.T) {
	conf := certified(t)
	server, heard := secured(t, conf)
	caller, told := secured(t, conf)
	local, _ := server.Local(transport.TLS)
	flow := caller.Flow(transport.TLS, local)
	open(t, caller, flow, "sip.example.com")
	if err := caller.Open(flow, "other.example.com"); !errors.Is(err, transport.ErrPeerName) {
		t.Errorf("connection of another name: %v", err)
	}
	if err := caller.Open(flow, ""); err != nil {
		t.Errorf("back to a peer that is connected: %v", err)
	}
	caller.Write(flow, []byte(options("1")))
	back := <-heard.got
	if err := server.Open(back, "sip.example.com"); !errors.Is(err, transport.ErrPeerName) {
		t.Errorf("a peer that showed no certificate was taken for sip.example.com: %v", err)
	}
	if err := server.Open(back, ""); err != nil {
		t.Errorf("back down an accepted connection: %v", err)
	}
	caller.CloseFlow(flow)
	<-told.closed
	if err := caller.Open(flow, ""); !errors.Is(err, transport.ErrNoFlow) {
		t.Errorf("dialled without a name: %v", err)
	}
}

// TestTLSFailsSafe: no certificate to show, a certificate nobody vouches for, plain text at the TLS port, an old version.
func TestTLSFailsSafe(t *testing.T) {
	for _, conf := range []*tls.Config{nil, {}} {
		if _, err := transport.Listen(transport.Config{Name: "bare", TLS: "127.0.0.1:0", TLSConfig: conf}); !errors.Is(err, transport.ErrNoCertificate) {
			t.Errorf("listens without a certificate: %v", err)
		}
	}
	server, heard := secured(t, certified(t))
	local, _ := server.Local(transport.TLS)
	stranger, told := secured(t, certified(t)) // trusts another root
	flow := stranger.Flow(transport.TLS, local)
	open(t, stranger, flow, "sip.example.com")
	if err := <-told.closed; err == nil {
		t.Error("a certificate of an unknown root was taken")
	}
	<-heard.closed
	plain, err := net.Dial("tcp", local.String())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	fmt.Fprint(plain, options("plain"))
	<-heard.closed
	if _, err := tls.Dial("tcp", local.String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
	<-heard.closed
	if len(heard.got) > 0 {
		t.Error("a message came through")
	}
}

// TestTLSAsksPeersForCertificates: with ClientAuth a peer without a certificate is not heard.
func TestTLSAsksPeersForCertificates(t *testing.T) {
	conf := certified(t)
	strict := conf.Clone()
	strict.ClientAuth, strict.ClientCAs = tls.RequireAndVerifyClientCert, conf.RootCAs
	server, heard := secured(t, strict)
	local, _ := server.Local(transport.TLS)
	bare, err := tls.Dial("tcp", local.String(), &tls.Config{RootCAs: conf.RootCAs, ServerName: "sip.example.com"})
	if err == nil { // TLS 1.3 tells it with the first read
		fmt.Fprint(bare, options("bare"))
		bare.Close()
	}
	<-heard.closed
	caller, _ := secured(t, conf)
	flow := caller.Flow(transport.TLS, local)
	open(t, caller, flow, "sip.example.com")
	if err := caller.Write(flow, []byte(options("1"))); err != nil {
		t.Fatal(err)
	}
	<-heard.got
	if len(heard.got) > 0 {
		t.Error("the peer without a certificate was heard")
	}
}
