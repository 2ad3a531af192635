package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"tandem/cmd/tandem/config"
)

// certificate is what we show to who connects by TLS. A new one in the same files is shown within certificateEvery, without a restart; one
// that cannot be read is logged, and the one before is shown on.
type certificate struct {
	files config.TLS
	log   *slog.Logger

	mu     sync.Mutex // guards what stands below; held while files are read
	shown  *tls.Certificate
	stamp  time.Time // of the files of what is shown
	looked time.Time
}

// certificateEvery is how often the files are looked at, when somebody connects.
const certificateEvery = 30 * time.Second

// openCertificate reads the configured certificate; nil where none is needed.
func openCertificate(cfg *config.Config, log *slog.Logger) (*certificate, error) {
	if !cfg.NeedsCertificate() {
		return nil, nil
	}
	c := &certificate{files: cfg.TLS, log: log}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return c, nil
}

// read takes what the files hold.
func (c *certificate) read() error {
	stamp, err := c.changed()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.files.Certificate, c.files.Key)
	if err != nil {
		return err
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return err
		}
	}
	c.shown, c.stamp, c.looked = &pair, stamp, time.Now()
	return nil
}

// changed is when one of the files was last written.
func (c *certificate) changed() (last time.Time, err error) {
	for _, path := range []string{c.files.Certificate, c.files.Key} {
		info, err := os.Stat(path)
		if err != nil {
			return last, err
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last, nil
}

// current is the certificate to show.
func (c *certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < certificateEvery {
		return c.shown
	}
	c.looked = time.Now()
	stamp, err := c.changed()
	if err == nil && !stamp.Equal(c.stamp) {
		if err = c.read(); err == nil {
			c.log.Info("certificate read anew", "names", c.shown.Leaf.DNSNames, "until", c.shown.Leaf.NotAfter)
		}
	}
	if err != nil {
		c.log.Error("certificate not read anew", "err", err)
	}
	return c.shown
}

// server is how we answer TLS; nil without a certificate. protocols are for ALPN.
func (c *certificate) server(protocols ...string) *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: protocols,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil }}
}

// client is how we ask another node, which shows the same certificate, by whatever name it is reached; nil without one.
func (c *certificate) client() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, // for this instead of a name:
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || !s.PeerCertificates[0].Equal(c.current().Leaf) {
				return errors.New("the other node shows another certificate than this one")
			}
			return nil
		}}
}
