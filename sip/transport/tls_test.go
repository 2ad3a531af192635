package transport_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
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
