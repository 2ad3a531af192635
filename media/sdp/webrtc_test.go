package sdp

import (
	"os"
	"strings"
	"testing"
)

func TestIsWebRTC(t *testing.T) {
	page, err := os.ReadFile("testdata/webrtc.sdp")
	if err != nil {
		t.Fatal(err)
	}
	phone, err := os.ReadFile("testdata/asterisk.sdp")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		body string
		want bool
	}{
		"a page": {string(page), true}, "a phone": {string(phone), false}, "nothing": {"", false}, "no SDP": {"hello", false},
		"SDES":        {strings.ReplaceAll(string(page), "UDP/TLS/RTP/SAVPF", "RTP/SAVPF"), false},
		"without AVP": {strings.ReplaceAll(string(page), "UDP/TLS/RTP/SAVPF", "udp/tls/rtp/savp"), true},
		"video only":  {"v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", false},
	} {
		if got := IsWebRTC([]byte(tt.body)); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
