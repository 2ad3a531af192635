package webrtc

import (
	"github.com/pion/dtls/v3"
	pionsrtp "github.com/pion/srtp/v3"

	"tandem/media"
	"tandem/media/srtp"
)

// profiles are what we offer in the DTLS handshake, the cheapest first (RFC 7714, RFC 5764 §4.1.2).
var profiles = []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80}

// suites are the profiles in words of the house.
var suites = map[dtls.SRTPProtectionProfile]media.Suite{
	dtls.SRTP_AEAD_AES_128_GCM: media.AEAD128, dtls.SRTP_AEAD_AES_256_GCM: media.AEAD256, dtls.SRTP_AES128_CM_HMAC_SHA1_80: media.CM80,
}

// newGuard takes the keys from a finished handshake (RFC 5764 §4.2). Of the guard, Open belongs to the port's reader, Seal to the elbow's.
func newGuard(conn *dtls.Conn, weAreClient bool) (*srtp.Guard, error) {
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	state, done := conn.ConnectionState()
	suite := suites[chosen]
	if !ok || !done || suite == media.NoSuite {
		return nil, errNoProfile
	}
	cfg := pionsrtp.Config{Profile: pionsrtp.ProtectionProfile(chosen)}
	if err := cfg.ExtractSessionKeysFromDTLS(&state, weAreClient); err != nil {
		return nil, err
	}
	return srtp.New(media.Keys{
		Send: media.NewKey(suite, cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt),
		Recv: media.NewKey(suite, cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt),
	})
}
