package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tandem/media"
)

var ourAddr = netip.MustParseAddrPort("198.51.100.1:20000")

// TestCorpus answers each description of testdata, and compares answer and configuration with the golden file beside it.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sdp")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			offer, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			answer, cfg, r, err := NewLocal(ourAddr, 77, DefaultCaps()).Answer(offer)
			out := fmt.Sprintf("error: %v\nresult: %+v\nconfig: %+v\n\n%s", err, r, cfg, strings.ReplaceAll(withoutKeys(answer), "\r\n", "\n"))
			golden(t, strings.TrimSuffix(filepath.Base(path), ".sdp")+".answer", out)
		})
	}
}

// withoutKeys takes out what is another each time.
func withoutKeys(body []byte) string {
	return regexp.MustCompile(`inline:\S+`).ReplaceAllString(string(body), "inline:KEY")
}

func TestCorpusVerdicts(t *testing.T) {
	tests := []struct {
		file             string
		err              error
		format           media.Format
		dtmf             uint8
		remote, rtcp     string
		refused, ptimeMS int
		fax              bool
	}{
		{"cisco", nil, media.Format{Codec: media.PCMU}, 101, "192.0.2.10:17388", "", 0, 20, false},
		{"polycom", nil, media.Format{Codec: media.PCMU}, 127, "192.0.2.20:2246", "", 1, 20, false},
		{"asterisk", nil, media.Format{Codec: media.PCMU}, 101, "192.0.2.30:14270", "", 0, 20, false},
		{"freeswitch", nil, media.Format{Codec: media.PCMU}, 101, "192.0.2.40:27214", "192.0.2.40:27215", 0, 20, false},
		{"webrtc", ErrNoAudio, media.Format{}, 0, "", "", 0, 0, false},
		{"t38", ErrNoAudio, media.Format{}, 0, "", "", 0, 0, true},
		{"t38_beside_audio", nil, media.Format{Codec: media.PCMA, SendPT: 8, RecvPT: 8}, 0, "192.0.2.31:4010", "", 1, 20, true},
		{"teams", nil, media.Format{Codec: media.PCMU}, 101, "192.0.2.50:52400", "192.0.2.50:52401", 0, 20, false},
		{"best_effort_srtp", nil, media.Format{Codec: media.PCMU}, 101, "192.0.2.60:5004", "", 1, 20, false},
		{"crypto_over_avp", nil, media.Format{Codec: media.PCMA, SendPT: 8, RecvPT: 8}, 101, "192.0.2.61:51226", "", 0, 30, false},
		{"hold_old", nil, media.Format{Codec: media.PCMU}, 0, "", "", 0, 20, false},
		{"carrier_static", nil, media.Format{Codec: media.PCMA, SendPT: 8, RecvPT: 8}, 96, "192.0.2.80:30002", "", 0, 20, false},
		{"ipv6", nil, media.Format{Codec: media.PCMA, SendPT: 96, RecvPT: 96}, 97, "[2001:db8::5]:6000", "", 0, 20, false},
		{"fqdn", nil, media.Format{Codec: media.PCMU}, 0, "", "", 0, 20, false},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			offer, err := os.ReadFile("testdata/" + tt.file + ".sdp")
			if err != nil {
				t.Fatal(err)
			}
			answer, cfg, r, err := NewLocal(ourAddr, 77, DefaultCaps()).Answer(offer)
			if !errors.Is(err, tt.err) || r.Fax != tt.fax {
				t.Fatalf("got error %v, fax %v", err, r.Fax)
			}
			if err != nil {
				return
			}
			if cfg.Format != tt.format || cfg.DTMFSend != tt.dtmf || cfg.DTMFRecv != tt.dtmf {
				t.Errorf("got format %+v, events %d/%d", cfg.Format, cfg.DTMFSend, cfg.DTMFRecv)
			}
			if got := text(cfg.Remote); got != tt.remote {
				t.Errorf("remote: got %s, want %s", got, tt.remote)
			}
			if got := text(cfg.RemoteRTCP); got != tt.rtcp {
				t.Errorf("RTCP: got %s, want %s", got, tt.rtcp)
			}
			if r.Refused != tt.refused || cfg.Ptime.Milliseconds() != int64(tt.ptimeMS) {
				t.Errorf("got %d refused, ptime %v", r.Refused, cfg.Ptime)
			}
			checkShape(t, offer, answer)
		})
	}
}

func text(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// checkShape holds an answer against RFC 3264 §6: as many sections as the offer, of the same kind and order, one in use.
func checkShape(t *testing.T, offer, answer []byte) {
	t.Helper()
	o, a := mustParse(t, string(offer)), mustParse(t, string(answer))
	if len(o.Media) != len(a.Media) {
		t.Fatalf("got %d sections, want %d", len(a.Media), len(o.Media))
	}
	used := 0
	for i := range o.Media {
		if a.Media[i].Kind != o.Media[i].Kind || a.Media[i].Proto != o.Media[i].Proto {
			t.Errorf("section %d: got %s %s, want %s %s", i, a.Media[i].Kind, a.Media[i].Proto, o.Media[i].Kind, o.Media[i].Proto)
		}
		if a.Media[i].Port == 0 {
			continue
		}
		used++
		for _, f := range a.Media[i].Formats {
			if !strings.Contains(" "+strings.Join(o.Media[i].Formats, " ")+" ", " "+f+" ") {
				t.Errorf("format %s was not offered", f)
			}
		}
	}
	if used != 1 {
		t.Errorf("%d sections in use, want 1", used)
	}
	for _, key := range regexp.MustCompile(`inline:[^|\s]+`).FindAllString(string(offer), -1) {
		if strings.Contains(string(answer), key) {
			t.Error("their key was echoed")
		}
	}
	for _, foreign := range []string{"candidate", "silenceSupp", "encryption", "rtcp-mux", "group", "label"} {
		if strings.Contains(string(answer), "a="+foreign) {
			t.Errorf("a=%s was echoed", foreign)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.sdp")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, offer []byte) {
		l := NewLocal(ourAddr, 77, DefaultCaps())
		first, _, r, err := l.Answer(offer)
		if err != nil {
			if l.State() != Idle {
				t.Errorf("a refused offer changed the state to %d", l.State())
			}
			return
		}
		if r.Changed == 0 {
			t.Error("the first exchange changed nothing")
		}
		again, _, r, err := l.Answer(offer)
		if err != nil || string(again) != string(first) || r.Changed != 0 {
			t.Errorf("the same offer again: changed %b, %v\n%s\n%s", r.Changed, err, first, again)
		}
		if got := l.Offer(); string(got) != string(first) {
			t.Errorf("a refresh is not what is in force:\n%s\n%s", got, first)
		}
	})
}
