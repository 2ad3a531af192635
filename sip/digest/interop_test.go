package digest

import (
	"strings"
	"testing"

	"tandem/sip"
)

// device is how some telephone answers a 401: which challenge it reads, and what it does with it.
type device struct {
	name   string
	pick   func(offers []Challenge) (Challenge, bool)
	answer func(c *Credentials)           // what it writes beside the usual
	write  func(creds Credentials) string // how it writes it; Credentials.String when nil
}

func pickFirst(offers []Challenge) (Challenge, bool) { return offers[0], true }
func pickLast(offers []Challenge) (Challenge, bool)  { return offers[len(offers)-1], true }

func pickAlgorithm(name string) func([]Challenge) (Challenge, bool) {
	return func(offers []Challenge) (Challenge, bool) {
		for _, o := range offers {
			if o.Algorithm == name {
				return o, true
			}
		}
		return Challenge{}, false
	}
}

func asMD5(c *Credentials)   { c.Algorithm = "" }
func oldForm(c *Credentials) { c.Algorithm, c.QOP, c.CNonce, c.NC = "", "", "", 0 }
func tenth(c *Credentials)   { c.NC = 10 }

// mislabelled knows MD5 only, and copies the name of the algorithm that it was offered.
func mislabelled(c Credentials) string {
	name := c.Algorithm
	c.Algorithm = "MD5"
	c.Response = c.Compute(MD5.hash("bob:tandem:pw"), "REGISTER", nil)
	c.Algorithm = name
	return c.String()
}

func quotedWords(c Credentials) string {
	return strings.NewReplacer("algorithm=MD5", `algorithm="md5"`, "qop=auth", `qop="auth"`, ", ", ",").Replace(c.String())
}

// upperCount hashes and writes its count in capitals.
func upperCount(c Credentials) string {
	c.nc = "0000000A"
	c.Response = c.Compute(MD5.hash("bob:tandem:pw"), "REGISTER", nil)
	return strings.Replace(c.String(), "nc=0000000a", "nc=0000000A", 1)
}

var devices = []device{
	{name: "strongest it knows", pick: pickAlgorithm("SHA-256")},
	{name: "MD5 wherever it stands", pick: pickAlgorithm("MD5")},
	{name: "last challenge", pick: pickLast},
	{name: "first challenge, knows both", pick: pickFirst},
	{name: "first challenge, answers with MD5", pick: pickFirst, answer: asMD5},
	{name: "first challenge, MD5 under its name", pick: pickFirst, write: mislabelled},
	{name: "RFC 2069", pick: pickFirst, answer: oldForm},
	{name: "quoted words, no blanks", pick: pickAlgorithm("MD5"), write: quotedWords},
	{name: "count in capitals", pick: pickAlgorithm("MD5"), answer: tenth, write: upperCount},
}

// TestDevices: which telephones get in with which Algorithms. Both challenges carry one nonce, so that a client that reads only the first
// and answers with MD5 all the same is let in; one that also gives its answer the wrong name needs Algorithms to be MD5 alone.
func TestDevices(t *testing.T) {
	offers := map[string][]Algorithm{"SHA-256, MD5": nil, "MD5, SHA-256": {MD5, SHA256}, "MD5": {MD5}, "SHA-256": {SHA256}}
	refused := map[string]string{
		"first challenge, MD5 under its name/SHA-256, MD5": "failed", "first challenge, MD5 under its name/SHA-256": "failed",
		"first challenge, answers with MD5/SHA-256": "challenged", "RFC 2069/SHA-256": "challenged",
		"strongest it knows/MD5": "silent", "MD5 wherever it stands/SHA-256": "silent",
		"quoted words, no blanks/SHA-256": "silent", "count in capitals/SHA-256": "silent",
	}
	for _, d := range devices {
		for name, algorithms := range offers {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				want := refused[d.name+"/"+name]
				if want == "" {
					want = "ok"
				}
				if got := d.register(t, newTestServer(t, Config{Algorithms: algorithms})); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
	}
}

// register plays one REGISTER of the device.
func (d device) register(t *testing.T, s *Server) string {
	req := request(t, "REGISTER", "sip:tandem")
	var offers []Challenge
	for _, h := range s.Reject(start, req, peer, s.Verify(start, req, peer)).GetHeaders("WWW-Authenticate") {
		cs, err := ParseChallenges(h.Value())
		if err != nil {
			t.Fatal(err)
		}
		offers = append(offers, cs...)
	}
	ch, ok := d.pick(offers)
	if !ok {
		return "silent"
	}
	c := Credentials{User: "bob", Realm: ch.Realm, Nonce: ch.Nonce, URI: "sip:tandem", Algorithm: ch.Algorithm, QOP: "auth", CNonce: "c", NC: 1}
	if d.answer != nil {
		d.answer(&c)
	}
	c.Response = c.Compute(ParseAlgorithm(c.Algorithm).hash("bob:tandem:pw"), "REGISTER", nil)
	value := c.String()
	if d.write != nil {
		value = d.write(c)
	}
	req.AppendHeader(sip.NewHeader("Authorization", value))
	v := s.Verify(start, req, peer)
	if v.Failed {
		return "failed"
	}
	return v.Outcome.String()
}
