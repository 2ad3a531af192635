package edge_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/edge"
	"tandem/sip/siptest"
	"tandem/sip/transport"
)

// The addresses: the node under test, the owner of the calls, a phone and a stranger.
const (
	nodeAt  = "10.0.0.2:5060"
	ownerAt = "10.0.0.1:5060"
	phoneAt = "10.0.1.7:5062"
)

var siteKey = []byte(strings.Repeat("k", 32))

// heard is what an owner's sockets have read.
type heard struct {
	mu   sync.Mutex
	list []said
}

type said struct {
	msg  sip.Message
	flow transport.Flow
}

func (h *heard) Receive(m sip.Message, f transport.Flow) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, said{m, f})
}
func (h *heard) Malformed(sip.Message, transport.Flow, error) {}
func (h *heard) FlowClosed(transport.Flow, error)             {}

// take gives what was read since the last time.
func (h *heard) take() []said {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.list
	h.list = nil
	return list
}

// stage is a node between a phone and the owner of the calls.
type stage struct {
	t     *testing.T
	net   *siptest.Network
	edge  *edge.Edge
	node  *transport.Endpoint
	owner *transport.Endpoint
	heard *heard
	phone *siptest.UA
}

func onStage(t *testing.T, play func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, net: siptest.New(1), heard: &heard{}}
		s.node, s.owner = s.endpoint(nodeAt), s.endpoint(ownerAt)
		var err error
		s.edge, err = edge.New(edge.Config{Endpoints: []edge.Endpoint{s.node}, Self: netip.MustParseAddrPort(nodeAt), Key: siteKey})
		if err != nil {
			t.Fatal(err)
		}
		s.serve(s.node, s.edge.Receiver(0))
		s.serve(s.owner, s.heard)
		s.phone = siptest.NewUA(t, s.net, phoneAt)
		t.Cleanup(s.phone.Close)
		s.edge.Follow(netip.MustParseAddrPort(ownerAt))
		synctest.Wait()
		play(s)
	})
}

func (s *stage) endpoint(at string) *transport.Endpoint {
	s.t.Helper()
	host, _, _ := strings.Cut(at, ":")
	e, err := transport.New(transport.Config{Name: at, Dial: s.net.Dialer(host)}, transport.Sockets{UDP: s.net.ListenPacket(at), TCP: s.net.Listen(at)})
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

func (s *stage) serve(e *transport.Endpoint, r transport.Receiver) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, r) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
}

// asked is the one request that the owner has just read.
func (s *stage) asked() (*sip.Request, transport.Flow) {
	s.t.Helper()
	list := s.heard.take()
	if len(list) != 1 {
		s.t.Fatalf("the owner has read %d messages, want one", len(list))
	}
	req, ok := list[0].msg.(*sip.Request)
	if !ok {
		s.t.Fatalf("the owner has read %v, want a request", list[0].msg)
	}
	return req, list[0].flow
}

// told is the next message of the phone, which has no other.
func (s *stage) told() string {
	s.t.Helper()
	got := s.phone.Expect("")
	s.phone.Quiet(time.Millisecond)
	return got
}

// answer lets the owner answer a request.
func (s *stage) answer(req *sip.Request, flow transport.Flow, status int) {
	s.t.Helper()
	s.write(s.owner, flow, sip.NewResponse(req, status, "", "owner").String())
}

func (s *stage) write(e *transport.Endpoint, flow transport.Flow, text string) {
	s.t.Helper()
	if err := e.Write(flow, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
}

// values are those of all headers of a name.
func values(m sip.Message, name string) (list []string) {
	for h := range sip.Fields(m, name) {
		list = append(list, h.Value())
	}
	return list
}

// ask is a request of the owner towards the phone, led by Routes.
func (s *stage) ask(method, branch string, routes []string, extra ...string) string {
	lines := []string{
		fmt.Sprintf("%s sip:anna@%s SIP/2.0", method, phoneAt), fmt.Sprintf("Via: SIP/2.0/TCP %s;branch=z9hG4bK%s", ownerAt, branch), "Max-Forwards: 70",
		"From: <sip:gw@example.com>;tag=g", "To: <sip:anna@example.com>", "Call-ID: from-the-owner", "CSeq: 1 " + method, "Contact: <sip:tandem@" + ownerAt + ";transport=tcp>",
	}
	for _, r := range routes {
		lines = append(lines, "Route: "+r)
	}
	return strings.Join(append(append(lines, extra...), "Content-Length: 0", "", ""), "\r\n")
}

// reach is the flow from the owner to the node, as it is used towards phones that have registered there.
func (s *stage) reach() transport.Flow {
	s.t.Helper()
	flow := s.owner.Flow(transport.TCP, netip.MustParseAddrPort(nodeAt))
	if err := s.owner.Open(flow, ""); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
	return flow
}

// registered registers the phone and gives its Path.
func (s *stage) registered() string {
	s.t.Helper()
	s.phone.Send(nodeAt, s.phone.Request("REGISTER", siptest.Call{}))
	req, flow := s.asked()
	s.answer(req, flow, 200)
	s.told()
	return values(req, "Path")[0]
}

func TestRegister(t *testing.T) {
	onStage(t, func(s *stage) {
		s.phone.Send(nodeAt, s.phone.Request("REGISTER", siptest.Call{}))
		req, flow := s.asked()
		if flow.Transport != transport.TCP {
			t.Errorf("nodes speak %s with each other, want TCP", flow.Transport)
		}
		path := values(req, "Path")
		if len(path) != 1 || !strings.HasSuffix(path[0], "@"+nodeAt+";transport=tcp;lr>") {
			t.Errorf("Path: %q", path)
		}
		if here, ok := s.edge.Here(path[0]); !ok || here.Remote.String() != phoneAt || here.Transport != transport.UDP {
			t.Errorf("the Path leads to %v %t, want the phone", here, ok)
		}
		if name, from, ok := s.edge.Source(req); !ok || name != transport.UDP || from.String() != phoneAt {
			t.Errorf("source: %s %s %t, want the phone", name, from, ok)
		}
		if hops := req.MaxForwards().Val(); hops != 69 {
			t.Errorf("Max-Forwards: %d", hops)
		}
		s.answer(req, flow, 200)
		if got := s.told(); !strings.HasPrefix(got, "SIP/2.0 200") || strings.Count(got, "Via:") != 1 || strings.Contains(got, "tandem-back") {
			t.Errorf("the phone has got %s", got)
		}
	})
}

// TestCallOfAPhone: the way of a dialog that the phone begins, in both directions, over the transports that each side speaks.
func TestCallOfAPhone(t *testing.T) {
	onStage(t, func(s *stage) {
		call := siptest.Call{}
		s.phone.Send(nodeAt, s.phone.Request("INVITE", call))
		invite, flow := s.asked()
		way := values(invite, "Record-Route")
		if len(way) != 2 || !strings.Contains(way[0], ";transport=tcp") || way[1] != "<sip:"+nodeAt+";lr>" {
			t.Fatalf("Record-Route: %q, want the owner's side on top", way)
		}
		s.answer(invite, flow, 200)
		ok := s.told()

		call.ToTag = "owner"
		call.Extra = []string{"Route: " + way[1], "Route: " + way[0]} // the other way round: RFC 3261 §12.1.2
		s.phone.Send(nodeAt, s.phone.Request("ACK", call))
		if ack, _ := s.asked(); ack.Method != sip.ACK || ack.Route() != nil {
			t.Errorf("the owner has got %s", ack)
		}
		s.write(s.owner, flow, s.ask("BYE", "1", way))
		if got := s.told(); !strings.HasPrefix(got, "BYE sip:anna@"+phoneAt) || strings.Contains(got, "Route:") {
			t.Errorf("the phone has got %s", got)
		} else {
			s.phone.Send(nodeAt, s.phone.Reply(got, "200 OK", ""))
		}
		if list := s.heard.take(); len(list) != 1 || list[0].flow != flow {
			t.Errorf("the owner has read %v, want the phone's answer", list)
		}
		if !strings.HasPrefix(ok, "SIP/2.0 200") {
			t.Errorf("the phone has got %s", ok)
		}
	})
}

// TestCallToAPhone: the owner rings a phone along its Path; answers come back to the connection that was asked over.
func TestCallToAPhone(t *testing.T) {
	onStage(t, func(s *stage) {
		path := s.registered()
		flow := s.reach()
		s.write(s.owner, flow, s.ask("INVITE", "1", []string{path}))
		invite := s.told()
		if got := siptest.Field(invite, "Record-Route"); got != "<sip:"+nodeAt+";lr>" {
			t.Errorf("on top the phone finds %s, want its own side", got)
		}
		s.phone.Send(nodeAt, s.phone.Reply(invite, "180 Ringing", "anna"))
		list := s.heard.take()
		if len(list) != 1 || list[0].flow != flow {
			t.Fatalf("the owner has read %v", list)
		}
		way := values(list[0].msg, "Record-Route")
		slices.Reverse(way) // as the caller uses it
		if len(way) != 2 || !strings.HasPrefix(way[0], path[:len(path)-1]) {
			t.Errorf("the owner's route set is %q, want %s first", way, path)
		}
		s.write(s.owner, flow, s.ask("BYE", "2", way))
		if got := s.told(); !strings.HasPrefix(got, "BYE ") {
			t.Errorf("the phone has got %s", got)
		}
	})
}

// TestSameBranch: what belongs to one transaction of the phone belongs to one of the node.
func TestSameBranch(t *testing.T) {
	onStage(t, func(s *stage) {
		branches := map[string]bool{}
		for _, method := range []string{"INVITE", "INVITE", "CANCEL", "ACK"} {
			text := s.phone.Request(method, siptest.Call{Branch: "one", CallID: "c", FromTag: "f"})
			s.phone.Send(nodeAt, text)
			req, _ := s.asked()
			branch, _ := req.Via().Params.Get("branch")
			branches[branch] = true
		}
		if len(branches) != 1 {
			t.Errorf("branches %v, want one", branches)
		}
		s.phone.Send(nodeAt, s.phone.Request("INVITE", siptest.Call{Branch: "two", CallID: "c", FromTag: "f", CSeq: 2}))
		req, _ := s.asked()
		if branch, _ := req.Via().Params.Get("branch"); branches[branch] {
			t.Error("another transaction has the same branch")
		}
	})
}

func TestNobodyKnown(t *testing.T) {
	onStage(t, func(s *stage) {
		s.edge.Follow(netip.AddrPort{})
		text := s.phone.Request("INVITE", siptest.Call{})
		var answers []string
		for range 2 {
			s.phone.Send(nodeAt, text)
			answers = append(answers, s.told())
		}
		if !strings.HasPrefix(answers[0], "SIP/2.0 503") || siptest.Field(answers[0], "Retry-After") == "" {
			t.Errorf("the phone has got %s", answers[0])
		}
		if answers[0] != answers[1] {
			t.Errorf("a request that came twice got\n%s and\n%s", answers[0], answers[1])
		}
		s.phone.Send(nodeAt, s.phone.Request("ACK", siptest.Call{}))
		s.phone.Quiet(time.Second)
	})
}

// TestForged: what only nodes may say is taken from nobody else, and a token that is not ours leads nowhere.
func TestForged(t *testing.T) {
	onStage(t, func(s *stage) {
		for _, name := range []string{edge.SourceHeader, strings.ToLower(edge.SourceHeader)} {
			s.phone.Send(nodeAt, s.phone.Request("REGISTER", siptest.Call{CallID: name, Extra: []string{name + ": UDP 10.9.9.9:5060 aaaaaaaaaaaaaaaaaaaa"}}))
			req, flow := s.asked()
			if list := values(req, edge.SourceHeader); len(list) != 1 || strings.Contains(list[0], "10.9.9.9") {
				t.Errorf("%s: %q reaches the owner", name, list)
			}
			if _, from, ok := s.edge.Source(req); !ok || from.String() != phoneAt {
				t.Errorf("source %s %t", from, ok)
			}
			s.answer(req, flow, 200)
			s.told()
		}
		path := s.registered()
		bent := strings.Replace(path, path[5:10], "aaaaa", 1)
		s.phone.Send(nodeAt, s.phone.Request("INVITE", siptest.Call{Extra: []string{"Route: " + bent}}))
		if got := s.told(); !strings.HasPrefix(got, "SIP/2.0 403") {
			t.Errorf("a bent token: the phone has got %s", got)
		}
		if _, ok := s.edge.Here(bent); ok {
			t.Error("a bent token is a flow")
		}
	})
}

// TestSourceFitsOneRequest: the word of a node cannot be put on another request, nor on one of another site.
func TestSourceFitsOneRequest(t *testing.T) {
	onStage(t, func(s *stage) {
		s.phone.Send(nodeAt, s.phone.Request("REGISTER", siptest.Call{}))
		req, _ := s.asked()
		other, err := edge.New(edge.Config{Endpoints: []edge.Endpoint{s.owner}, Self: netip.MustParseAddrPort(ownerAt), Key: []byte(strings.Repeat("x", 32))})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, ok := other.Source(req); ok {
			t.Error("a node of another site is believed")
		}
		req.CSeq().SeqNo++
		if _, _, ok := s.edge.Source(req); ok {
			t.Error("the source of one request is believed of another")
		}
		req.CSeq().SeqNo--
		if _, _, ok := s.edge.Source(req); !ok {
			t.Error("the request itself is not believed any more: the test proves nothing")
		}
	})
}

func TestHopsAndBrokenRoutes(t *testing.T) {
	onStage(t, func(s *stage) {
		text := strings.Replace(s.phone.Request("OPTIONS", siptest.Call{}), "Max-Forwards: 70", "Max-Forwards: 0", 1)
		s.phone.Send(nodeAt, text)
		if got := s.told(); !strings.HasPrefix(got, "SIP/2.0 483") {
			t.Errorf("no hops left: %s", got)
		}
		s.phone.Send(nodeAt, s.phone.Request("OPTIONS", siptest.Call{Extra: []string{"Route: <sip:a\"b"}}))
		if got := s.told(); !strings.HasPrefix(got, "SIP/2.0 400") {
			t.Errorf("an unreadable Route: %s", got)
		}
		s.phone.Send(nodeAt, s.phone.Request("OPTIONS", siptest.Call{Extra: []string{"Route: <sip:10.0.9.9;lr>, <sip:10.0.9.8;lr>"}}))
		req, _ := s.asked()
		if got := values(req, "Route"); strings.Join(got, ", ") != "<sip:10.0.9.9;lr>, <sip:10.0.9.8;lr>" {
			t.Errorf("Routes of others: %q", got)
		}
	})
}

// TestPhoneGone: the connection of a phone is gone; the owner hears it at once (RFC 5626 §5.3).
func TestPhoneGone(t *testing.T) {
	onStage(t, func(s *stage) {
		conn, err := s.net.Dialer("10.0.1.9")(s.t.Context(), "tcp", nodeAt)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(s.phone.Request("REGISTER", siptest.Call{}), "SIP/2.0/UDP", "SIP/2.0/TCP")
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		req, _ := s.asked()
		path := values(req, "Path")[0]
		if here, ok := s.edge.Here(path); !ok || here.Transport != transport.TCP {
			t.Fatalf("the Path leads to %v %t", here, ok)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.write(s.owner, s.reach(), s.ask("INVITE", "1", []string{path}))
		list := s.heard.take()
		if len(list) != 1 {
			t.Fatalf("the owner has read %d messages", len(list))
		}
		if res, ok := list[0].msg.(*sip.Response); !ok || res.StatusCode != 430 {
			t.Errorf("the owner has got %v, want 430", list[0].msg)
		}
	})
}

// TestLead: once the calls are here everything goes to the node's own layers, but for the last words of the owner before.
func TestLead(t *testing.T) {
	onStage(t, func(s *stage) {
		path := s.registered()
		own := &heard{}
		s.edge.Lead([]transport.Receiver{own})
		s.phone.Send(nodeAt, s.phone.Request("INVITE", siptest.Call{}))
		if list := own.take(); len(list) != 1 || len(values(list[0].msg, "Record-Route")) != 0 {
			t.Errorf("the own layer has got %v", list)
		}
		s.write(s.owner, s.reach(), s.ask("BYE", "1", []string{path}))
		bye := s.told()
		if !strings.HasPrefix(bye, "BYE ") || len(own.take()) != 0 {
			t.Errorf("the BYE of the owner before has not reached the phone: %s", bye)
		}
		s.phone.Send(nodeAt, s.phone.Reply(bye, "200 OK", ""))
		if list := s.heard.take(); len(list) != 1 || len(own.take()) != 0 {
			t.Errorf("the owner before has got %v as an answer", list)
		}
		if s.edge.Owner().IsValid() {
			t.Error("another owner is known beside this one")
		}
		s.edge.Follow(netip.MustParseAddrPort(ownerAt))
		s.phone.Send(nodeAt, s.phone.Request("OPTIONS", siptest.Call{CallID: "later"}))
		if req, _ := s.asked(); req.Method != sip.OPTIONS {
			t.Errorf("got %s", req.Method)
		}
	})
}

// TestOwnerUnreachable: nobody listens where the owner should be. What came over UDP is sent again by its phone, to the next owner.
func TestOwnerUnreachable(t *testing.T) {
	onStage(t, func(s *stage) {
		s.edge.Follow(netip.MustParseAddrPort("10.0.0.9:5060"))
		text := s.phone.Request("OPTIONS", siptest.Call{})
		s.phone.Send(nodeAt, text)
		time.Sleep(time.Second)
		s.edge.Follow(netip.MustParseAddrPort(ownerAt))
		s.phone.Send(nodeAt, text)
		if req, flow := s.asked(); req.Method != sip.OPTIONS {
			t.Errorf("got %s", req.Method)
		} else {
			s.answer(req, flow, 200)
		}
	})
}

func TestKeepAlive(t *testing.T) {
	onStage(t, func(s *stage) {
		var seen [][]byte
		s.net.Observe(func(p siptest.Packet) {
			if p.To.String() == ownerAt {
				seen = append(seen, slices.Clone(p.Data))
			}
		})
		s.edge.KeepAlive()
		synctest.Wait()
		if len(seen) != 1 || string(seen[0]) != "\r\n\r\n" {
			t.Errorf("sent %q, want a blank line", seen)
		}
	})
}

func TestConfigIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := siptest.New(1)
		udp, err := transport.New(transport.Config{Name: "udp"}, transport.Sockets{UDP: n.ListenPacket(nodeAt)})
		if err != nil {
			t.Fatal(err)
		}
		self := netip.MustParseAddrPort(nodeAt)
		for what, cfg := range map[string]edge.Config{
			"no TCP":      {Endpoints: []edge.Endpoint{udp}, Self: self, Key: siteKey},
			"no endpoint": {Self: self, Key: siteKey},
			"no address":  {Endpoints: []edge.Endpoint{udp}, Key: siteKey},
			"short key":   {Endpoints: []edge.Endpoint{udp}, Self: self, Key: siteKey[:31]},
		} {
			if _, err := edge.New(cfg); err == nil {
				t.Errorf("%s: taken", what)
			}
		}
	})
}

// FuzzTokens: no text from outside is a token, and none makes the node stumble.
func FuzzTokens(f *testing.F) {
	n := siptest.New(1)
	e, err := transport.New(transport.Config{Name: "node"}, transport.Sockets{TCP: n.Listen(nodeAt)})
	if err != nil {
		f.Fatal(err)
	}
	node, err := edge.New(edge.Config{Endpoints: []edge.Endpoint{e}, Self: netip.MustParseAddrPort(nodeAt), Key: siteKey})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("<sip:aaaipf37iziakaxkvqhxouur7cp4gb25@" + nodeAt + ";transport=tcp;lr>")
	f.Add("<sip:" + nodeAt + ";lr>")
	f.Fuzz(func(t *testing.T, path string) {
		if flow, ok := node.Here(path); ok {
			t.Errorf("%q leads to %v", path, flow)
		}
	})
}
