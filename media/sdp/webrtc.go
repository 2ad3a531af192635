package sdp

import "strings"

// IsWebRTC tells whether a description is a browser's: it has an audio section over DTLS-SRTP (RFC 5764 §8). Such a body is for
// media.Describe and media.Accept as it is; Local refuses it.
func IsWebRTC(body []byte) bool {
	s, err := Parse(body)
	if err != nil {
		return false
	}
	for i := range s.Media {
		if s.Media[i].Kind == "audio" && s.Media[i].OverDTLS() {
			return true
		}
	}
	return false
}

// OverDTLS tells that the section's keys come from DTLS: "UDP/TLS/RTP/SAVPF" and its kin.
func (m *Media) OverDTLS() bool {
	switch strings.ToUpper(m.Proto) {
	case "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVP":
		return true
	}
	return false
}
