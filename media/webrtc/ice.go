package webrtc

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"net"
	"net/netip"

	"github.com/pion/stun/v4"
)

// credentials are one generation of a link's ICE short-term credentials (RFC 8445 §5.3).
type credentials struct{ ufrag, pwd string }

// newCredentials are 8 and 24 characters, 48 and 144 random bits.
func newCredentials() credentials {
	var b [24]byte
	rand.Read(b[:])
	text := base64.RawStdEncoding.EncodeToString(b[:])
	return credentials{ufrag: text[:8], pwd: text[8:]}
}

// checker reads and answers connectivity checks as an ICE-lite agent (RFC 8445 §2.5, §7.3). It belongs to the port's reader.
type checker struct{ request, reply stun.Message }

// read decodes a binding request and gives the ufrag of ours that it is for. The bytes hold until the next read.
func (c *checker) read(b []byte) (ufrag []byte, ok bool) {
	c.request.Raw = append(c.request.Raw[:0], b...)
	if c.request.Decode() != nil || c.request.Type != stun.BindingRequest {
		return nil, false
	}
	name, err := c.request.Get(stun.AttrUsername)
	if err != nil {
		return nil, false
	}
	ufrag, _, ok = bytes.Cut(name, []byte{':'})
	return ufrag, ok
}

// genuine tells that the request read last was made with a password of ours.
func (c *checker) genuine(pwd string) bool {
	return stun.MessageIntegrity(pwd).Check(&c.request) == nil
}

// nominates tells that the far end chose the path that the request came by.
func (c *checker) nominates() bool { return c.request.Contains(stun.AttrUseCandidate) }

// answer makes the response to the request read last. The bytes hold until the next one. A far end that believes to be
// controlled is told that it is not (RFC 8445 §7.3.1.1): we are lite, so it must control.
func (c *checker) answer(from netip.AddrPort, pwd string) (reply []byte, accepted bool) {
	accepted = !c.request.Contains(stun.AttrICEControlled)
	m := &c.reply
	m.Reset()
	m.TransactionID = c.request.TransactionID
	var setters [3]stun.Setter
	if accepted {
		m.Type = stun.BindingSuccess
		setters[0] = stun.XORMappedAddress{IP: net.IP(from.Addr().AsSlice()), Port: int(from.Port())}
	} else {
		m.Type = stun.BindingError
		setters[0] = stun.CodeRoleConflict
	}
	setters[1], setters[2] = stun.MessageIntegrity(pwd), stun.Fingerprint
	m.WriteHeader()
	for _, s := range setters {
		if s.AddTo(m) != nil {
			return nil, false
		}
	}
	return m.Raw, accepted
}
