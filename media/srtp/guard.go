package srtp

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"tandem/media"
	"tandem/media/rtp"
)

// Overhead is the most by which a sealed packet is longer: authentication, and of RTCP the index.
const Overhead = 20

// replayWindow is in packets.
const replayWindow = 128

// maxSources is how many sources (SSRC) of one peer are heard in the life of a Guard, for RTP and RTCP each. Each costs memory.
const maxSources = 32

// Guard protects the packets of one stream.
type Guard struct {
	keys           media.Keys
	opener, sealer *srtp.Context
	sources        []uint32 // heard, RTP
	reporters      []uint32 // heard, RTCP
	inRTP, outRTP  pionrtp.Header
	inRTCP         rtcp.Header
	outRTCP        rtcp.Header
}

// profiles are pion's names of the suites.
var profiles = [...]srtp.ProtectionProfile{
	media.AEAD128: srtp.ProtectionProfileAeadAes128Gcm, media.AEAD256: srtp.ProtectionProfileAeadAes256Gcm,
	media.CM80: srtp.ProtectionProfileAes128CmHmacSha1_80, media.CM32: srtp.ProtectionProfileAes128CmHmacSha1_32,
}

// errNoSuite refuses a key without a suite.
var errNoSuite = errors.New("srtp: key without a suite")

// New makes a guard of the keys of both directions.
func New(k media.Keys) (*Guard, error) { return Renew(nil, k) }

// Renew makes a guard of keys that come after those of was, which may be nil and is not used any more. A direction whose key stays
// goes on counting: no key ever protects two packets under one number (RFC 3711 §9.1), and the peer counts on as well.
func Renew(was *Guard, k media.Keys) (*Guard, error) {
	g := &Guard{keys: k}
	if was != nil && was.keys == k {
		return was, nil
	}
	if was != nil && was.keys.Recv == k.Recv {
		g.opener, g.sources, g.reporters = was.opener, was.sources, was.reporters
	}
	if was != nil && was.keys.Send == k.Send {
		g.sealer = was.sealer
	}
	var err error
	if g.opener == nil {
		if g.opener, err = newContext(k.Recv, srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow)); err != nil {
			return nil, err
		}
	}
	if g.sealer == nil {
		if g.sealer, err = newContext(k.Send); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func newContext(k media.Key, options ...srtp.ContextOption) (*srtp.Context, error) {
	if k.Suite == media.NoSuite || int(k.Suite) >= len(profiles) {
		return nil, errNoSuite
	}
	key, salt := k.Master()
	return srtp.CreateContext(key, salt, profiles[k.Suite], append(options, srtp.MasterKeyIndicator(k.Identifier()))...)
}

// Open checks and decrypts a packet of the peer in place. ok is false for what is forged, repeated, too short, or of one source
// too many.
func (g *Guard) Open(b []byte) (plain []byte, ok bool) {
	heard, at := &g.sources, ssrcRTP
	control := rtp.IsRTCP(b)
	if control {
		heard, at = &g.reporters, ssrcRTCP
	}
	if len(b) < at+4 {
		return nil, false
	}
	ssrc := binary.BigEndian.Uint32(b[at:])
	known := slices.Contains(*heard, ssrc)
	if !known && len(*heard) == maxSources {
		return nil, false
	}
	var err error
	if control {
		plain, err = g.opener.DecryptRTCP(b, b, &g.inRTCP)
	} else {
		plain, err = g.opener.DecryptRTP(b, b, &g.inRTP)
	}
	if err == nil && !known {
		*heard = append(*heard, ssrc)
	}
	return plain, err == nil
}

// Where the source stands in a packet (RFC 3550 §5.1, §6.4.1).
const (
	ssrcRTP  = 8
	ssrcRTCP = 4
)

// Seal encrypts a packet of ours into dst, which has room for it and for Overhead, and shares nothing with it.
func (g *Guard) Seal(dst, plain []byte) ([]byte, error) {
	if rtp.IsRTCP(plain) {
		return g.sealer.EncryptRTCP(dst, plain, &g.outRTCP)
	}
	return g.sealer.EncryptRTP(dst, plain, &g.outRTP)
}
