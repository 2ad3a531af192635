package digest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/sip"
)

// Many calls share one client and one server: every request is proven exactly once, no count is used twice.
func TestSharedClientAndServer(t *testing.T) {
	s := newTestServer(t, Config{})
	var serial atomic.Int64
	c := NewClient([]Account{{User: "bob", Password: "pw"}}, func() string { return fmt.Sprint("cnonce-", serial.Add(1)) })
	first := request(t, "INVITE", "sip:1@tandem")
	ask(t, s, c, start, first)
	wantVerdict(t, s.Verify(start, first, peer), OK, "bob")
	var wg sync.WaitGroup
	var accepted atomic.Int64
	for i := range 8 {
		reqs := make([]*sip.Request, 6)
		for j := range reqs {
			reqs[j] = request(t, "INVITE", fmt.Sprintf("sip:%d@tandem", i))
		}
		wg.Go(func() {
			for _, req := range reqs {
				c.Prepare(req)
				if s.Verify(start.Add(time.Second), req, peer).Outcome == OK {
					accepted.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := accepted.Load(); got != 48 {
		t.Errorf("%d of 48 requests were accepted", got)
	}
}

// A password changed on the server ends the client's tries, and the right one works again after the period.
func TestPasswordChange(t *testing.T) {
	known := users{"bob": NewHA1Set("bob", "tandem", "old")}
	s, err := NewServer(Config{Realm: "tandem", MaxFailures: 1, FailureTime: time.Minute}, secret, known, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, req := newTestClient("bob", "old"), request(t, "REGISTER", "sip:tandem")
	ask(t, s, c, start, req)
	wantVerdict(t, s.Verify(start, req, peer), OK, "bob")
	known["bob"] = NewHA1Set("bob", "tandem", "new")
	next := request(t, "REGISTER", "sip:tandem")
	c.Prepare(next)
	v := s.Verify(start, next, peer)
	wantVerdict(t, v, Challenged, "")
	if !c.Authorize(next, s.Reject(start, next, peer, v)) {
		t.Fatal("a cached nonce is not worth a second try")
	}
	wantVerdict(t, s.Verify(start, next, peer), Denied, "")
	later := start.Add(time.Minute)
	fresh, right := request(t, "REGISTER", "sip:tandem"), newTestClient("bob", "new")
	ask(t, s, right, later, fresh)
	wantVerdict(t, s.Verify(later, fresh, peer), OK, "bob")
}

// Even who knew the hash that stands in for unknown users would not be let in.
func TestStandInHashProvesNothing(t *testing.T) {
	s := newTestServer(t, Config{})
	offer, err := ParseChallenges(s.Challenges(start, peer, false)[1])
	if err != nil {
		t.Fatal(err)
	}
	creds := Credentials{User: "ghost", Realm: "tandem", Nonce: offer[0].Nonce, URI: "sip:tandem", QOP: "auth", NC: 1, CNonce: "c"}
	creds.Response = creds.Compute(s.unknown.MD5, "REGISTER", nil)
	req := request(t, "REGISTER", "sip:tandem")
	req.AppendHeader(sip.NewHeader("Authorization", creds.String()))
	wantVerdict(t, s.Verify(start, req, peer), Challenged, "")
}
