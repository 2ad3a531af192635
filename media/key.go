package media

import (
	"fmt"
	"io"
)

// Suite is how packets are protected: a cipher with its authentication. The zero value is plain RTP.
type Suite uint8

// The suites, in the order of our offers: AES-GCM costs a third of the others for each packet.
const (
	NoSuite Suite = iota
	AEAD128       // AEAD_AES_128_GCM (RFC 7714)
	AEAD256       // AEAD_AES_256_GCM (RFC 7714)
	CM80          // AES_CM_128_HMAC_SHA1_80 (RFC 3711, RFC 4568 §6.2)
	CM32          // AES_CM_128_HMAC_SHA1_32: packets carry a short tag, reports the long one
)

// suites gives names as SDP writes them, and octets of master key and master salt.
var suites = [...]struct {
	name      string
	key, salt int
}{NoSuite: {"none", 0, 0}, AEAD128: {"AEAD_AES_128_GCM", 16, 12}, AEAD256: {"AEAD_AES_256_GCM", 32, 12},
	CM80: {"AES_CM_128_HMAC_SHA1_80", 16, 14}, CM32: {"AES_CM_128_HMAC_SHA1_32", 16, 14}}

// String is the suite's name as SDP writes it.
func (s Suite) String() string { return suites[min(s, CM32)].name }

// Sizes gives the octets of master key and master salt.
func (s Suite) Sizes() (key, salt int) { return suites[min(s, CM32)].key, suites[min(s, CM32)].salt }

// maxSecret is the longest master key with its salt.
const maxSecret = 46

// Key protects the packets of one direction. It is a plain value that can be compared. It prints as its suite: the secret is
// in no log.
type Key struct {
	Suite   Suite
	Secret  [maxSecret]byte // master key, then master salt; zero behind them
	MKI     [maxMKI]byte    // identifier that stands in each packet (RFC 3711 §3.1), the last MKISize octets
	MKISize uint8           // octets; 0: none
}

// maxMKI bounds key identifiers; RFC 4568 §6.1 allows 128, phones use one.
const maxMKI = 4

// NewKey makes a key of master key and salt, which have the suite's sizes.
func NewKey(s Suite, key, salt []byte) Key {
	k := Key{Suite: s}
	n := copy(k.Secret[:], key)
	copy(k.Secret[n:], salt)
	return k
}

// Format implements fmt.Formatter: whatever the verb, the suite is all that is written.
func (k Key) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, k.Suite.String()) }

// Master gives master key and salt.
func (k *Key) Master() (key, salt []byte) {
	n, m := k.Suite.Sizes()
	return k.Secret[:n], k.Secret[n : n+m]
}

// Identifier is the MKI as packets carry it, nil where there is none.
func (k *Key) Identifier() []byte {
	if k.MKISize == 0 {
		return nil
	}
	return k.MKI[maxMKI-min(k.MKISize, maxMKI):]
}

// Keys protect the packets of a stream both ways. The zero value: they are plain.
type Keys struct {
	Send Key // ours
	Recv Key // the peer's
}

// Plain tells that there are none.
func (k Keys) Plain() bool { return k == Keys{} }

// Format implements fmt.Formatter, like that of Key.
func (k Keys) Format(w fmt.State, _ rune) { _, _ = fmt.Fprintf(w, "%v/%v", k.Send, k.Recv) }
