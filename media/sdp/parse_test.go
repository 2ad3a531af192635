package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tandem/media"
)

const plainOffer = "v=0\r\no=alice 1 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n" +
	"m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"

func mustParse(t testing.TB, body string) *Session {
	t.Helper()
	s, err := Parse([]byte(body))
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, body)
	}
	return s
}

func TestParseModel(t *testing.T) {
	got := mustParse(t, "v=0\r\no=- 1 2 IN IP6 2001:db8::1\r\ns=a call\r\nc=IN IP6 2001:db8::1/3\r\nb=AS:84\r\nt=3 4\r\na=group:BUNDLE 0\r\n"+
		"m=AUDIO 4000/2 RTP/AVP 8 0\r\nc=IN IP4 192.0.2.1/127\r\nb=TIAS:64000\r\na=recvonly\r\na=rtpmap: 8 PCMA/8000\r\n")
	want := &Session{
		Origin: Origin{"-", "1", "2", "IP6", "2001:db8::1"}, Name: "a call",
		Connections: []Connection{{"IP6", "2001:db8::1"}}, Bandwidth: []string{"AS:84"}, Timing: "3 4",
		Attributes: []Attribute{{"group", "BUNDLE 0"}},
		Media: []Media{{
			Kind: "audio", Port: 4000, Proto: "RTP/AVP", Formats: []string{"8", "0"},
			Connections: []Connection{{"IP4", "192.0.2.1"}}, Bandwidth: []string{"TIAS:64000"},
			Attributes: []Attribute{{"recvonly", ""}, {"rtpmap", "8 PCMA/8000"}},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

func TestParseLenient(t *testing.T) {
	head := "v=0\no=- 1 1 IN IP4 192.0.2.1\n"
	tests := []struct {
		name, in string
		media    int
	}{
		{"bare LF", head + "m=audio 1 RTP/AVP 0\n", 1},
		{"bare CR", strings.ReplaceAll(head+"m=audio 1 RTP/AVP 0\n", "\n", "\r"), 1},
		{"no line end at the end", head + "m=audio 1 RTP/AVP 0", 1},
		{"empty lines", "\r\n\r\n" + head + "\n\nm=audio 1 RTP/AVP 0\n\n", 1},
		{"no o=, s=, t=", "v=0\nm=audio 1 RTP/AVP 0\n", 1},
		{"blanks around", "v=0\n o=- 1 1 IN IP4 192.0.2.1 \n\tm=audio 1 RTP/AVP 0 \n", 1},
		{"unknown lines", head + "x=1\ni=info\nk=clear:x\nnonsense\nm=audio 1 RTP/AVP 0\ny=2\n", 1},
		{"user name with blanks", "v=0\no=Cisco SIP GW 1 1 IN IP4 192.0.2.1\nm=audio 1 RTP/AVP 0\n", 1},
		{"o= without user name", "v=0\no=1 1 IN IP4 192.0.2.1\nm=audio 1 RTP/AVP 0\n", 1},
		{"c= cut short", head + "c=IN IP4\nm=audio 1 RTP/AVP 0\n", 1},
		{"m= without formats", head + "m=audio 0 RTP/AVP\n", 1},
		{"no media", head, 0},
		{"zero byte at the end", head + "m=audio 1 RTP/AVP 0\n\x00", 1},
		{"attribute without a name", head + "a=\na=:x\nm=audio 1 RTP/AVP 0\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := len(mustParse(t, tt.in).Media); got != tt.media {
				t.Errorf("got %d sections, want %d", got, tt.media)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		err      error
	}{
		{"empty", "", ErrSyntax},
		{"blank", "\r\n\r\n", ErrSyntax},
		{"not SDP", "Signal=5\r\n", ErrSyntax},
		{"version 1", "v=1\r\n", ErrSyntax},
		{"o= of two fields", "v=0\r\no=- 1\r\n", ErrSyntax},
		{"m= of two fields", "v=0\r\nm=audio 1\r\n", ErrSyntax},
		{"port is a word", "v=0\r\nm=audio x RTP/AVP 0\r\n", ErrSyntax},
		{"port over 65535", "v=0\r\nm=audio 65536 RTP/AVP 0\r\n", ErrSyntax},
		{"negative port", "v=0\r\nm=audio -1 RTP/AVP 0\r\n", ErrSyntax},
		{"too long", "v=0\r\n" + strings.Repeat("a=x\r\n", MaxSize/5+1), ErrTooBig},
		{"too many lines", "v=0\r\n" + strings.Repeat("a=x\r\n", MaxLines), ErrTooBig},
		{"too many sections", "v=0\r\n" + strings.Repeat("m=audio 1 RTP/AVP 0\r\n", MaxMedia+1), ErrTooBig},
		{"too many formats", "v=0\r\nm=audio 1 RTP/AVP" + strings.Repeat(" 0", maxFormats+1) + "\r\n", ErrTooBig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse([]byte(tt.in)); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
		})
	}
}

func TestParseNamesTheLine(t *testing.T) {
	_, err := Parse([]byte("v=0\r\ns=-\r\nm=audio\r\n"))
	if err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("got %v", err)
	}
}

func TestPrintFillsGaps(t *testing.T) {
	got := string((&Session{}).Append([]byte(">")))
	want := ">v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPayloads(t *testing.T) {
	m := mustParse(t, "v=0\r\nm=audio 1 RTP/AVP 0 8 9 18 96 97 x 200 101 3\r\n"+
		"a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:101 Telephone-Event/8000\r\na=fmtp:101 0-16\r\na=RTPMAP:3 pcma/8000/1\r\n").Media[0]
	want := []Payload{
		{0, "PCMU", 8000, 0, ""}, {8, "PCMA", 8000, 0, ""}, {9, "G722", 8000, 0, ""}, {18, "G729", 8000, 0, ""},
		{96, "OPUS", 48000, 2, "useinbandfec=1"}, {97, "", 0, 0, ""}, {101, "TELEPHONE-EVENT", 8000, 0, "0-16"}, {3, "PCMA", 8000, 1, ""},
	}
	if got := m.Payloads(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

func TestPtime(t *testing.T) {
	for _, tt := range []struct {
		lines string
		want  int
	}{
		{"", 0}, {"a=ptime:20", 20}, {"a=ptime:30", 30}, {"a=ptime:10", 10}, {"a=ptime:60", 60}, {"a=ptime:100", 60},
		{"a=ptime:5", 10}, {"a=ptime:25", 20}, {"a=ptime:0", 0}, {"a=ptime:x", 0}, {"a=ptime:20.0", 20}, {"a=ptime: 40", 40},
		{"a=maxptime:150", 0}, {"a=maxptime:10", 10}, {"a=ptime:40\r\na=maxptime:20", 20}, {"a=ptime:99999999999999", 0},
	} {
		m := mustParse(t, "v=0\r\nm=audio 1 RTP/AVP 0\r\n"+tt.lines+"\r\n").Media[0]
		if got := m.Ptime(); got != time.Duration(tt.want)*time.Millisecond {
			t.Errorf("%q: got %v, want %d ms", tt.lines, got, tt.want)
		}
	}
}

func TestDirection(t *testing.T) {
	for _, tt := range []struct {
		session, section string
		unspecified      bool
		want             media.Direction
	}{
		{"", "", false, media.SendRecv},
		{"a=sendonly", "", false, media.SendOnly},
		{"a=sendonly", "a=recvonly", false, media.RecvOnly},
		{"a=inactive", "a=sendrecv", false, media.SendRecv},
		{"", "a=INACTIVE", false, media.Inactive},
		{"", "", true, media.SendOnly},
		{"", "a=recvonly", true, media.Inactive},
		{"", "a=inactive", true, media.Inactive},
	} {
		s := mustParse(t, fmt.Sprintf("v=0\r\n%s\r\nm=audio 1 RTP/AVP 0\r\n%s\r\n", tt.session, tt.section))
		if got := s.direction(&s.Media[0], tt.unspecified); got != tt.want {
			t.Errorf("%q %q %v: got %v, want %v", tt.session, tt.section, tt.unspecified, got, tt.want)
		}
	}
}

func TestMeet(t *testing.T) {
	all := []media.Direction{media.SendRecv, media.SendOnly, media.RecvOnly, media.Inactive}
	mirror := []media.Direction{media.SendRecv, media.RecvOnly, media.SendOnly, media.Inactive}
	for i, theirs := range all {
		if got := meet(media.SendRecv, theirs); got != mirror[i] {
			t.Errorf("sendrecv with %v: got %v, want %v", theirs, got, mirror[i])
		}
		if got := meet(media.Inactive, theirs); got != media.Inactive {
			t.Errorf("inactive with %v: got %v", theirs, got)
		}
	}
	if got := meet(media.SendOnly, media.SendOnly); got != media.Inactive {
		t.Errorf("both sendonly: got %v", got)
	}
}

func TestConnectionChoice(t *testing.T) {
	body := "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP4 phone.example\r\nc=IN IP6 2001:db8::9\r\nc=IN IP4 192.0.2.7\r\n" +
		"m=audio 2 RTP/AVP 0\r\n"
	s := mustParse(t, body)
	for _, tt := range []struct {
		section int
		six     bool
		want    string
	}{{0, false, "192.0.2.7"}, {0, true, "2001:db8::9"}, {1, false, "192.0.2.1"}, {1, true, "192.0.2.1"}} {
		if got, _ := s.connection(&s.Media[tt.section], tt.six); got.Host != tt.want {
			t.Errorf("section %d, IPv6 %v: got %s, want %s", tt.section, tt.six, got.Host, tt.want)
		}
	}
}

func TestRTCPAttribute(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	for value, want := range map[string]string{
		"": "invalid AddrPort", "53020": "192.0.2.1:53020", "53020 IN IP4 192.0.2.44": "192.0.2.44:53020",
		"53020 IN IP6 2001:db8::1": "[2001:db8::1]:53020", "x": "invalid AddrPort", "0": "invalid AddrPort",
		"53020 IN IP4 host.example": "192.0.2.1:53020", "9 IN IP4 0.0.0.0": "192.0.2.1:9",
	} {
		m := &Media{Attributes: []Attribute{{"rtcp", value}}}
		if got := rtcp(m, addr).String(); got != want {
			t.Errorf("a=rtcp:%s: got %s, want %s", value, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.sdp")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b)
		}
	}
	f.Add([]byte(plainOffer))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		printed := s.Append(nil)
		again, err := Parse(printed)
		if errors.Is(err, ErrTooBig) {
			return // what was left out where it was read is filled in where it is printed
		}
		if err != nil {
			t.Fatalf("what we print is not taken: %v\n%q", err, printed)
		}
		if twice := again.Append(nil); string(twice) != string(printed) {
			t.Errorf("not stable:\n%q\n%q", printed, twice)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	body := []byte(plainOffer)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
