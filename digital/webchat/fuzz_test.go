package webchat

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse: no bytes make parse panic; what it takes has a kind of a bearable length.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "{}", `{"t":"hello","v":1,"token":"x","after":5,"facts":{"a":"b"}}`, `{"t":"msg.send","id":"1","text":"\u0000\ud800"}`, `{"t":"read","seq":1e99}`,
		`{"t":"rtc.offer","sdp":"v=0"}`, "null", "[[[[", "\xff\xfe", `{"T":"hello"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, ok := parse(data)
		if ok && (frame.T == "" || len(frame.T) > 32) {
			t.Fatalf("took %q", frame.T)
		}
		if _, err := json.Marshal(frame); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzFileName: a name is text without a path, whatever it was.
func FuzzFileName(f *testing.F) {
	for _, s := range []string{"", ".", "..", "/", `C:\a\b.png`, "../../etc/passwd", "a\nb", "\x00", strings.Repeat("ä", 500), "name\u202egnp.exe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := fileName(name)
		if got == "" || strings.ContainsAny(got, "/\n\x00\u202e") || !utf8.ValidString(got) || utf8.RuneCountInString(got) > 120 {
			t.Fatalf("%q became %q", name, got)
		}
	})
}
