package digest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseChallenges(t *testing.T) {
	tests := []struct {
		name, in string
		want     []Challenge
		err      error
	}{
		{"full", `Digest realm="a \"b\" c", nonce="n1", opaque="", algorithm=SHA-256, qop="auth, auth-int", stale=TRUE, domain="sip:x"`,
			[]Challenge{{Realm: `a "b" c`, Nonce: "n1", HasOpaque: true, Algorithm: "SHA-256", QOP: []string{"auth", "auth-int"}, Stale: true, Domain: "sip:x"}}, nil},
		{"bare", `digest realm=asterisk,nonce=abc==`, []Challenge{{Realm: "asterisk", Nonce: "abc=="}}, nil},
		{"two on one line", `Digest realm="r", nonce="1", algorithm=SHA-256, Digest realm="r", nonce="2"`,
			[]Challenge{{Realm: "r", Nonce: "1", Algorithm: "SHA-256"}, {Realm: "r", Nonce: "2"}}, nil},
		{"other scheme beside", `Basic realm="x", Digest realm="r", nonce="1"`, []Challenge{{Realm: "r", Nonce: "1"}}, nil},
		{"empty realm", `Digest realm="", nonce="1"`, []Challenge{{Nonce: "1"}}, nil},
		{"blanks around", "  Digest\t realm = \"r\" ,\r\n nonce = \"1\" , ", []Challenge{{Realm: "r", Nonce: "1"}}, nil},
		{"basic only", `Basic realm="x"`, nil, ErrScheme},
		{"no nonce", `Digest realm="x"`, nil, ErrSyntax},
		{"no realm", `Digest nonce="x"`, nil, ErrSyntax},
		{"open quote", `Digest realm="x, nonce=1`, nil, ErrSyntax},
		{"twice", `Digest realm="x", realm="y", nonce="1"`, nil, ErrSyntax},
		{"control", "Digest realm=\"x\ny\", nonce=\"1\"", nil, ErrSyntax},
		{"junk after value", `Digest realm="x"y, nonce="1"`, nil, ErrSyntax},
		{"value first", `realm="x"`, nil, ErrSyntax},
		{"empty", ``, nil, ErrSyntax},
		{"commas", `,,,`, nil, ErrSyntax},
		{"bad start", `"Digest"`, nil, ErrSyntax},
		{"too long", "Digest realm=\"" + strings.Repeat("x", MaxHeader) + `"`, nil, ErrTooLong},
		{"too many", "Digest " + strings.Repeat("a=b, Digest ", MaxParams+1), nil, ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseChallenges(tt.in)
			if !errors.Is(err, tt.err) || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v\nwant %+v, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestParseCredentials(t *testing.T) {
	const good = `Digest username="bob", realm="r", nonce="n", uri="sip:x;user=phone", response="ABCD"`
	got, err := ParseCredentials(good + `, algorithm=MD5, cnonce="c", qop="auth", nc=0000000a, opaque="o"`)
	want := Credentials{User: "bob", Realm: "r", Nonce: "n", URI: "sip:x;user=phone", Response: "abcd", Algorithm: "MD5",
		CNonce: "c", QOP: "auth", NC: 10, nc: "0000000a", Opaque: "o", HasOpaque: true}
	if err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for name, in := range map[string]string{
		"no user": strings.Replace(good, "username", "user", 1), "no uri": strings.Replace(good, "uri", "u", 1),
		"no response": strings.Replace(good, "response", "r2", 1), "qop without nc": good + `, qop=auth, cnonce="c"`,
		"nc zero": good + `, qop=auth, cnonce="c", nc=0`, "nc not hex": good + `, qop=auth, cnonce="c", nc=zz`,
		"nc too long": good + `, qop=auth, cnonce="c", nc=100000000`, "no cnonce": good + `, qop=auth, nc=1`,
		"two": good + ", " + good, "odd qop": good + `, qop="a b", cnonce="c", nc=1`,
	} {
		if c, err := ParseCredentials(in); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: got %+v, %v, want ErrSyntax", name, c, err)
		}
	}
	if _, err := ParseCredentials(`Bearer abc`); !errors.Is(err, ErrScheme) {
		t.Errorf("bearer: got %v, want ErrScheme", err)
	}
}

// What is printed stays within its line and its quotes, whatever a realm or user holds.
func TestPrintCannotInject(t *testing.T) {
	nasty := "a\"b\\c\r\nEvil: 1\x00,d"
	c := Credentials{User: nasty, Realm: nasty, Nonce: nasty, URI: nasty, Response: "aa", Algorithm: "MD5\r\nEvil: 2", QOP: "auth", NC: 1, CNonce: nasty}
	text := c.String()
	if strings.ContainsAny(text, "\r\n\x00") {
		t.Fatalf("control characters in %q", text)
	}
	got, err := ParseCredentials(text)
	if want := "a\"b\\cEvil: 1,d"; err != nil || got.User != want || got.Realm != want {
		t.Errorf("got %q, %q, %v, want %q", got.User, got.Realm, err, want)
	}
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Digest realm="a \"b", nonce="n", qop="auth,auth-int", algorithm=MD5, stale=true, opaque=""`)
	f.Add(`Basic x, Digest realm="", nonce=a==, qop=""`)
	f.Fuzz(func(t *testing.T, in string) {
		first, err := ParseChallenges(in)
		if err != nil {
			return
		}
		for _, c := range first {
			again, err := ParseChallenges(c.String())
			if err != nil || len(again) != 1 || again[0].String() != c.String() {
				t.Errorf("%q printed as %q is read as %+v, %v", in, c, again, err)
			}
		}
	})
}

func FuzzParseCredentials(f *testing.F) {
	f.Add(`Digest username="b", realm="r", nonce="n", uri="sip:x", response="ab", qop=auth, nc=00000001, cnonce="c", opaque="o"`)
	f.Add(`Digest username=b,realm=r,nonce=n,uri=sip:x@y:5060;lr?a=b,response=ab,cnonce=""`)
	f.Fuzz(func(t *testing.T, in string) {
		c, err := ParseCredentials(in)
		if err != nil {
			return
		}
		again, err := ParseCredentials(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("%q printed as %q is read as %+v, %v", in, c, again, err)
		}
	})
}
