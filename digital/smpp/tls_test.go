package smpp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"tandem/digital/smpp"
	"tandem/digital/smpp/pdu"
	"tandem/digital/smpp/smsc"
)

// listen starts a message centre on a real socket and returns its address.
func listen(t testing.TB, l net.Listener) string {
	t.Helper()
	s, err := smsc.New(smsc.Config{Accounts: map[string]string{"tandem": "secret"}}, smsc.Deps{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Serve(ctx, l) }()
	t.Cleanup(func() { cancel(); <-ended })
	return l.Addr().String()
}

// run starts a client and waits until it is bound.
func run(t testing.TB, c smpp.Config) *smpp.Client {
	t.Helper()
	c.Name, c.SystemID, c.Password = "real", "tandem", "secret"
	k, err := smpp.New(c, smpp.Deps{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	go k.Run(ctx)
	t.Cleanup(func() {
		cancel()
		for range k.Events() {
		}
	})
	if l, ok := (<-k.Events()).(smpp.Link); !ok || !l.Up {
		t.Fatalf("got %+v, want up", l)
	}
	return k
}

func TestOverTLS(t *testing.T) {
	site := httptest.NewTLSServer(nil) // for its certificate
	defer site.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: site.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	k := run(t, smpp.Config{Address: listen(t, l), TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}})
	if err := k.Submit(smpp.Submission{Key: "a", Message: &pdu.Message{Destination: pdu.AddressOf("+491"), Short: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	if r, ok := (<-k.Events()).(smpp.Result); !ok || r.Outcome != smpp.Accepted {
		t.Errorf("got %+v", r)
	}
}

// BenchmarkSubmit sends messages over a loopback socket, both ends in this process, with a window of 10 and of 100.
func BenchmarkSubmit(b *testing.B) {
	for _, window := range []int{10, 100} {
		b.Run(fmt.Sprint("window-", window), func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			k := run(b, smpp.Config{Address: listen(b, l), Window: window})
			m := &pdu.Message{Destination: pdu.AddressOf("+491701234567"), Short: []byte("the quick brown fox")}
			out := 0
			for b.Loop() {
				if out == 2*window {
					<-k.Events()
					out--
				}
				if err := k.Submit(smpp.Submission{Message: m}); err != nil {
					b.Fatal(err)
				}
				out++
			}
			for ; out > 0; out-- {
				<-k.Events()
			}
		})
	}
}
