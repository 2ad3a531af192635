package webrtc

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"tandem/media"
	"tandem/media/sdp"
)

// ptime is of what we send to browsers; they take it from anybody.
const ptime = 20 * time.Millisecond

// role is who begins the DTLS handshake (RFC 8842 §5.2).
type role uint8

const (
	eitherRole role = iota // "actpass"
	active                 // the DTLS client
	passive                // the DTLS server
)

// remote is what a browser's description says. It is a value and does not change.
type remote struct {
	origin       string // user and session: another RTCPeerConnection has another
	prints       []string
	ice          credentials
	role         role
	mid          string
	bundled      bool
	section      int // of the audio
	config       media.StreamConfig
	sections     []sdp.Media // as the browser ordered them
	hasMid, lite bool
}

// sameLink tells that both are descriptions of one connection.
func (r *remote) sameLink(o *remote) bool {
	return r.origin == o.origin && slices.Equal(r.prints, o.prints)
}

// readRemote reads an offer, or the answer to what terms offer.
func readRemote(text string, terms sdp.Terms) (*remote, error) {
	s, err := sdp.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	plain, found := plainly(s)
	if !found {
		return nil, errNoDTLS
	}
	a, err := sdp.Negotiate(plain, terms)
	if err != nil {
		return nil, err
	}
	r := &remote{origin: s.Origin.User + " " + s.Origin.SessionID, section: a.Section, sections: s.Media}
	c := a.Config
	r.config = media.StreamConfig{Format: c.Format, Accept: c.Accept, DTMFSend: c.DTMFSend, DTMFRecv: c.DTMFRecv, Ptime: ptime, Direction: c.Direction}
	return r, r.readTransport(s)
}

// plainly is a description as if it were of plain RTP, for the negotiation of codecs and direction: where to send follows from ICE,
// so the addresses mean nothing ("c=0.0.0.0" is no hold), and sections that are not over DTLS are out of the question.
func plainly(s *sdp.Session) (plain *sdp.Session, found bool) {
	p := *s
	p.Connections = nil
	p.Media = slices.Clone(s.Media)
	for i := range p.Media {
		m := &p.Media[i]
		m.Connections = nil
		if m.Kind != "audio" || !m.OverDTLS() {
			m.Port = 0
			continue
		}
		m.Proto = "RTP/AVPF"
		found = true
	}
	return &p, found
}

// readTransport reads what concerns ICE, DTLS and the grouping (RFC 8839, RFC 8842, RFC 9143).
func (r *remote) readTransport(s *sdp.Session) error {
	m := &s.Media[r.section]
	find := func(name string) string {
		if v, ok := value(m.Attributes, name); ok {
			return v
		}
		v, _ := value(s.Attributes, name)
		return v
	}
	if _, ok := value(m.Attributes, "rtcp-mux"); !ok {
		return errNoMux
	}
	_, r.lite = value(s.Attributes, "ice-lite")
	if r.lite {
		return errLiteToo
	}
	r.ice = credentials{find("ice-ufrag"), find("ice-pwd")}
	if n, p := len(r.ice.ufrag), len(r.ice.pwd); n < 4 || n > 256 || p < 22 || p > 256 {
		return errCredentials
	}
	for _, list := range [...][]sdp.Attribute{m.Attributes, s.Attributes} {
		for _, a := range list {
			if p, ok := readPrint(a); ok && len(r.prints) < maxPrints {
				r.prints = append(r.prints, p)
			}
		}
	}
	if len(r.prints) == 0 {
		return errFingerprint
	}
	r.mid, r.hasMid = value(m.Attributes, "mid")
	r.bundled = r.hasMid && inBundle(s, r.mid)
	return r.readRole(find("setup"))
}

func (r *remote) readRole(setup string) error {
	switch strings.ToLower(setup) {
	case "actpass":
		r.role = eitherRole
	case "active":
		r.role = active
	case "passive":
		r.role = passive
	default:
		return errSetup
	}
	return nil
}

// inBundle tells whether a section is in a BUNDLE group.
func inBundle(s *sdp.Session, mid string) bool {
	for _, a := range s.Attributes {
		if strings.EqualFold(a.Name, "group") {
			f := strings.Fields(a.Value)
			if len(f) > 1 && strings.EqualFold(f[0], "BUNDLE") && slices.Contains(f[1:], mid) {
				return true
			}
		}
	}
	return false
}

// value gives an attribute's value.
func value(list []sdp.Attribute, name string) (string, bool) {
	for _, a := range list {
		if strings.EqualFold(a.Name, name) {
			return a.Value, true
		}
	}
	return "", false
}

// maxPrints is how many fingerprints of one description are kept.
const maxPrints = 4

// hashes are the hash functions of fingerprints that we trust (RFC 8122 §5), by name; MD5 and SHA-1 are not.
var hashes = map[string]func([]byte) []byte{
	"sha-256": func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
	"sha-384": func(b []byte) []byte { h := sha512.Sum384(b); return h[:] },
	"sha-512": func(b []byte) []byte { h := sha512.Sum512(b); return h[:] },
}

// readPrint reads "a=fingerprint:sha-256 AB:CD:…" and gives it as "sha-256 abcd…".
func readPrint(a sdp.Attribute) (string, bool) {
	if !strings.EqualFold(a.Name, "fingerprint") {
		return "", false
	}
	name, digits, _ := strings.Cut(strings.ToLower(a.Value), " ")
	hash, known := hashes[name]
	if !known {
		return "", false
	}
	sum, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(digits), ":", ""))
	if err != nil || len(sum) != len(hash(nil)) {
		return "", false
	}
	return name + " " + hex.EncodeToString(sum), true
}

// certified tells whether a certificate, in DER, is one of the fingerprints.
func (r *remote) certified(der []byte) bool {
	for _, p := range r.prints {
		name, digits, _ := strings.Cut(p, " ")
		if hex.EncodeToString(hashes[name](der)) == digits {
			return true
		}
	}
	return false
}
