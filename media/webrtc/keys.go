package webrtc

import (
	"encoding/binary"
	"slices"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	pionrtp "github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"tandem/media/rtp"
)

// profiles are what we offer in the DTLS handshake, the cheapest first (RFC 7714, RFC 5764 §4.1.2).
var profiles = []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80}

// replayWindow is in packets.
const replayWindow = 128

// maxSources is how many sources (SSRC) of one browser are heard in the life of a link, for RTP and RTCP each. Each costs memory.
const maxSources = 8

// keys protect the packets of one link. open and openRTCP belong to the port's reader, seal to the elbow's.
type keys struct {
	opener, sealer *srtp.Context
	sources        []uint32 // heard, RTP
	reporters      []uint32 // heard, RTCP
	inRTP, outRTP  pionrtp.Header
	inRTCP         rtcp.Header
	outRTCP        rtcp.Header
}

// newKeys takes the keys from a finished handshake (RFC 5764 §4.2).
func newKeys(conn *dtls.Conn, weAreClient bool) (*keys, error) {
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	state, done := conn.ConnectionState()
	if !ok || !done || !slices.Contains(profiles, chosen) {
		return nil, errNoProfile
	}
	cfg := srtp.Config{Profile: srtp.ProtectionProfile(chosen)}
	if err := cfg.ExtractSessionKeysFromDTLS(&state, weAreClient); err != nil {
		return nil, err
	}
	opener, err := srtp.CreateContext(cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt, cfg.Profile,
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, err
	}
	sealer, err := srtp.CreateContext(cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt, cfg.Profile)
	if err != nil {
		return nil, err
	}
	return &keys{opener: opener, sealer: sealer}, nil
}

// open checks and decrypts a packet of the browser in place. ok is false for what is forged, repeated, too short, or of one
// source too many.
func (k *keys) open(b []byte) (plain []byte, ok bool) {
	if rtp.IsRTCP(b) {
		return k.openRTCP(b)
	}
	if len(b) < rtp.HeaderSize {
		return nil, false
	}
	ssrc := binary.BigEndian.Uint32(b[8:])
	known := slices.Contains(k.sources, ssrc)
	if !known && len(k.sources) == maxSources {
		return nil, false
	}
	plain, err := k.opener.DecryptRTP(b, b, &k.inRTP)
	if err != nil {
		return nil, false
	}
	if !known {
		k.sources = append(k.sources, ssrc)
	}
	return plain, true
}

func (k *keys) openRTCP(b []byte) (plain []byte, ok bool) {
	if len(b) < 8 {
		return nil, false
	}
	ssrc := binary.BigEndian.Uint32(b[4:])
	known := slices.Contains(k.reporters, ssrc)
	if !known && len(k.reporters) == maxSources {
		return nil, false
	}
	plain, err := k.opener.DecryptRTCP(b, b, &k.inRTCP)
	if err != nil {
		return nil, false
	}
	if !known {
		k.reporters = append(k.reporters, ssrc)
	}
	return plain, true
}

// seal encrypts a packet of the engine into dst, which has room for it.
func (k *keys) seal(dst, plain []byte) ([]byte, error) {
	if rtp.IsRTCP(plain) {
		return k.sealer.EncryptRTCP(dst, plain, &k.outRTCP)
	}
	return k.sealer.EncryptRTP(dst, plain, &k.outRTP)
}
