package digest

import "testing"

// Known answers: RFC 2617 §3.5, RFC 2069 form computed from it, RFC 7616 §3.9.1, RFC 8760-style SHA-512-256 from RFC 7616 §3.9.2's
// algorithm without userhash.
func TestComputeKnownAnswers(t *testing.T) {
	rfc7616 := Credentials{
		User: "Mufasa", Realm: "http-auth@example.org", Nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
		URI: "/dir/index.html", CNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", QOP: "auth", NC: 1,
	}
	with := func(c Credentials, algorithm string) Credentials { c.Algorithm = algorithm; return c }
	tests := []struct {
		name, password string
		creds          Credentials
		want           string
	}{
		{"RFC 2617 §3.5", "Circle Of Life", Credentials{
			User: "Mufasa", Realm: "testrealm@host.com", Nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
			URI: "/dir/index.html", CNonce: "0a4f113b", QOP: "auth", NC: 1,
		}, "6629fae49393a05397450978507c4ef1"},
		{"RFC 2617 without qop", "Circle Of Life", Credentials{
			User: "Mufasa", Realm: "testrealm@host.com", Nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", URI: "/dir/index.html",
		}, "670fd8c2df070c60b045671b8b24ff02"},
		{"RFC 7616 §3.9.1 MD5", "Circle of Life", with(rfc7616, "MD5"), "8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616 §3.9.1 SHA-256", "Circle of Life", with(rfc7616, "SHA-256"), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ParseAlgorithm(tt.creds.Algorithm)
			ha1 := a.hash(tt.creds.User + ":" + tt.creds.Realm + ":" + tt.password)
			if got := tt.creds.Compute(ha1, "GET", nil); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if set := NewHA1Set(tt.creds.User, tt.creds.Realm, tt.password); set.of(a) != ha1 {
				t.Errorf("HA1Set gives %q, want %q", set.of(a), ha1)
			}
		})
	}
}

func TestComputeDependsOnEverything(t *testing.T) {
	base := Credentials{User: "u", Realm: "r", Nonce: "n", URI: "sip:a", CNonce: "c", QOP: "auth", NC: 1}
	ha1 := NewHA1Set("u", "r", "p").MD5
	seen := map[string]string{base.Compute(ha1, "INVITE", nil): "base"}
	for name, change := range map[string]func(*Credentials){
		"nonce": func(c *Credentials) { c.Nonce = "m" }, "uri": func(c *Credentials) { c.URI = "sip:b" },
		"cnonce": func(c *Credentials) { c.CNonce = "d" }, "nc": func(c *Credentials) { c.NC = 2 },
		"sess": func(c *Credentials) { c.Algorithm = "MD5-sess" }, "qop": func(c *Credentials) { c.QOP = "" },
		"auth-int": func(c *Credentials) { c.QOP = "auth-int" }, "sha": func(c *Credentials) { c.Algorithm = "SHA-512-256" },
	} {
		c := base
		change(&c)
		got := c.Compute(ha1, "INVITE", []byte("body"))
		if other, twice := seen[got]; twice {
			t.Errorf("%s gives the same response as %s", name, other)
		}
		seen[got] = name
	}
	c := base
	c.QOP = "auth-int"
	if c.Compute(ha1, "INVITE", []byte("a")) == c.Compute(ha1, "INVITE", []byte("b")) {
		t.Error("auth-int does not depend on the body")
	}
}

func TestAlgorithmNames(t *testing.T) {
	for a := MD5; a <= SHA512256Sess; a++ {
		if got := ParseAlgorithm(a.String()); got != a {
			t.Errorf("%s is read as %s", a, got)
		}
	}
	for name, want := range map[string]Algorithm{"": MD5, "md5": MD5, "sha-256": SHA256, "SHA-1": Unsupported, "MD5 ": Unsupported} {
		if got := ParseAlgorithm(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := Algorithm(200).String(); got != "" {
		t.Errorf("unknown algorithm prints %q", got)
	}
}
