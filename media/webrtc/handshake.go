package webrtc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"

	"github.com/pion/dtls/v3"

	"tandem/media/srtp"
)

// flightAfter is after how long a lost DTLS flight is repeated first; it doubles from there.
const flightAfter = 250 * time.Millisecond

// newCertificate makes the certificate of all our DTLS connections. Its fingerprint in the SDP is what makes it trusted.
func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	name := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "tandem"},
		NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(10, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, name, name, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// result is what a link's DTLS goroutine reports: keys once, then the end.
type result struct {
	link *link
	keys *srtp.Guard
	took time.Duration
	err  error
}

// secure waits until the browser is reachable, does the handshake, reports, and stays until the connection ends on either
// side. It runs in a goroutine of its own, which ends when ctx does. So does the DTLS connection, with a close_notify.
func (g *Gate) secure(ctx context.Context, l *link) {
	began := time.Now()
	conn, k, err := g.shake(ctx, l)
	if conn != nil {
		defer conn.Close()
	}
	g.report(ctx, result{link: l, keys: k, took: time.Since(began), err: err})
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, l.wire.end)()
	for scrap := make([]byte, maxPacket); err == nil; { // application data would be data channels, which we refused
		_, err = conn.Read(scrap)
	}
	g.report(ctx, result{link: l, err: errPageClosed})
}

// shake does the handshake. The connection is to be closed whether it succeeded or not.
func (g *Gate) shake(ctx context.Context, l *link) (conn *dtls.Conn, k *srtp.Guard, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.cfg.HandshakeTimeout, errTimeout)
	defer cancel()
	select {
	case <-l.reachable:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	if conn, err = g.dial(l); err != nil {
		return nil, nil, err
	}
	if err = conn.HandshakeContext(ctx); err == nil {
		k, err = newGuard(conn, l.active)
	} else if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return conn, k, err
}

// report hands a result to the owner, unless the link is over.
func (g *Gate) report(ctx context.Context, r result) {
	select {
	case g.results <- r:
	case <-ctx.Done():
	}
}

// dial makes the DTLS connection of a link, on the side that the descriptions agreed on.
func (g *Gate) dial(l *link) (*dtls.Conn, error) {
	verify := func(certificates [][]byte, _ [][]*x509.Certificate) error {
		far := l.far.Load()
		if far == nil || len(certificates) == 0 || !far.certified(certificates[0]) {
			return errCertificate
		}
		return nil
	}
	shared := []dtls.Option{
		dtls.WithCertificates(g.certificate), dtls.WithSRTPProtectionProfiles(profiles...), dtls.WithInsecureSkipVerify(true),
		dtls.WithVerifyPeerCertificate(verify), dtls.WithFlightInterval(flightAfter), dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithLoggerFactory(silent{}),
	}
	if l.active {
		options := make([]dtls.ClientOption, 0, len(shared))
		for _, o := range shared {
			options = append(options, o)
		}
		return dtls.ClientWithOptions(l.wire, l.wire.RemoteAddr(), options...)
	}
	options := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true)}
	for _, o := range shared {
		options = append(options, o)
	}
	return dtls.ServerWithOptions(l.wire, l.wire.RemoteAddr(), options...)
}
