package sdp

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/media"
)

// This file is keys for SRTP in the description itself (SDES, RFC 4568). They are as secret as the signalling.

// SRTP is the policy of a leg: when its packets are protected. Keys that come with plain RTP are taken too (RFC 8643).
type SRTP uint8

// The policies.
const (
	SRTPAccepted SRTP = iota // where the peer offers it
	SRTPOffered              // offered beside plain RTP
	SRTPRequired             // nothing else is offered or taken
	SRTPNever
)

// srtpNames are the policies as configurations name them.
var srtpNames = [...]string{SRTPAccepted: "accept", SRTPOffered: "offer", SRTPRequired: "require", SRTPNever: "never"}

// String is the policy's name.
func (s SRTP) String() string { return srtpNames[min(s, SRTPNever)] }

// SRTPNames lists the names.
func SRTPNames() []string { return slices.Clone(srtpNames[:]) }

// ReadSRTP reads a name; one that is not known, or empty, is accept.
func ReadSRTP(name string) SRTP { return SRTP(max(0, slices.Index(srtpNames[:], name))) }

// Crypto is an a=crypto line: the key with which its writer protects what it sends.
type Crypto struct {
	Tag string // 1 to 9 digits
	Key media.Key
}

// offeredSuites are ours, in order of preference.
var offeredSuites = []media.Suite{media.AEAD128, media.AEAD256, media.CM80, media.CM32}

// secure tells that a profile wants keys in the description: RTP/SAVP and RTP/SAVPF.
func secure(proto string) bool {
	return strings.EqualFold(proto, "RTP/SAVP") || strings.EqualFold(proto, "RTP/SAVPF")
}

// cryptos gives the lines of a section that we can do, in its order.
func (m *Media) cryptos() (list []Crypto) {
	for _, a := range m.Attributes {
		if !strings.EqualFold(a.Name, "crypto") {
			continue
		}
		if c, ok := parseCrypto(a.Value); ok {
			list = append(list, c)
		}
	}
	return list
}

// parseCrypto reads "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^31|1:4". ok is false for suites that we do not have, several keys in one
// line, and session parameters that change what a packet is (RFC 4568 §6.3).
func parseCrypto(value string) (c Crypto, ok bool) {
	f := strings.Fields(value)
	if len(f) < 3 || len(f[0]) > 9 || strings.Trim(f[0], "0123456789") != "" {
		return c, false
	}
	c.Tag = f[0]
	for _, s := range offeredSuites {
		if strings.EqualFold(s.String(), f[1]) {
			c.Key.Suite = s
		}
	}
	for _, p := range f[3:] {
		if name, _, _ := strings.Cut(p, "="); !strings.EqualFold(name, "WSH") { // how many packets back are looked for: ours is enough
			return c, false
		}
	}
	method, rest, found := strings.Cut(f[2], ":")
	if !found || c.Key.Suite == media.NoSuite || !strings.EqualFold(method, "inline") || strings.Contains(rest, ";") {
		return c, false
	}
	return c, readKey(&c.Key, rest)
}

// readKey reads "KEY|lifetime|MKI:length". A lifetime ends no call of ours: it counts 2^20 packets at the least, and most say 2^31.
func readKey(k *media.Key, text string) bool {
	parts := strings.Split(text, "|")
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(parts[0], "="))
	key, salt := k.Suite.Sizes()
	if err != nil || len(raw) != key+salt || len(parts) > 3 {
		return false
	}
	copy(k.Secret[:], raw)
	for _, p := range parts[1:] {
		value, size, mki := strings.Cut(p, ":")
		if !mki {
			continue
		}
		n, err := strconv.ParseUint(size, 10, 8)
		id, idErr := strconv.ParseUint(value, 10, 32)
		if err != nil || idErr != nil || n == 0 || n > uint64(len(k.MKI)) || id>>(8*n) != 0 {
			return false
		}
		k.MKISize = uint8(n)
		for i := range k.MKI {
			k.MKI[i] = byte(id >> (8 * (len(k.MKI) - 1 - i)))
		}
	}
	return true
}

// line is what is written. It holds the secret.
func (c Crypto) line() string {
	key, salt := c.Key.Master()
	return fmt.Sprintf("%s %s inline:%s", c.Tag, c.Key.Suite, base64.StdEncoding.EncodeToString(slices.Concat(key, salt)))
}

// newKey makes a key of ours.
func newKey(s media.Suite) media.Key {
	k := media.Key{Suite: s}
	key, salt := k.Master()
	_, _ = rand.Read(key) // never fails
	_, _ = rand.Read(salt)
	return k
}

// newCryptos makes what we offer.
func newCryptos() (list []Crypto) {
	for i, s := range offeredSuites {
		list = append(list, Crypto{strconv.Itoa(i + 1), newKey(s)})
	}
	return list
}

// protect finds the keys of a section for an agreement: of an offer the first line that we can do, of an answer the line that takes
// one of ours up. ok is false where what must be protected could not be. Where they offer, our key is still to be made.
func (t *Terms) protect(m *Media) (keys media.Keys, tag string, ok bool) {
	theirs := m.cryptos()
	must := t.Caps.SRTP == SRTPRequired || secure(m.Proto)
	switch {
	case t.Offered != nil:
		must = must || t.Offered.Secure
		for _, c := range theirs {
			for _, ours := range t.Offered.Crypto {
				if c.Tag == ours.Tag && c.Key.Suite == ours.Key.Suite {
					return media.Keys{Send: ours.Key, Recv: c.Key}, c.Tag, true
				}
			}
		}
	case t.Caps.SRTP == SRTPNever:
		return keys, "", !must
	case len(theirs) > 0:
		return media.Keys{Recv: theirs[0].Key}, theirs[0].Tag, true
	}
	return keys, "", !must
}
