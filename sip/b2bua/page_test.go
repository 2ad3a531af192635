package b2bua

import (
	"net"
	"net/netip"
	"strings"
	"testing/synctest"

	"tandem/sip/siptest"
	"tandem/sip/transport"
)

// socket is our end of a page's connection: frames are datagrams of the network between, so that the ladder shows them. Proven pages
// come over LOCAL flows, which keep the order of what the ladder sees; others over WebSockets.
type socket struct {
	net.PacketConn
	peer net.Addr
}

func (s socket) ReadMessage() ([]byte, error) {
	buf := make([]byte, 65536)
	n, _, err := s.ReadFrom(buf)
	return buf[:n], err
}

func (s socket) WriteMessage(m []byte) error {
	_, err := s.WriteTo(m, s.peer)
	return err
}

// Deliver implements transport.LocalPeer.
func (s socket) Deliver(m []byte) error { return s.WriteMessage(m) }

// Gone implements transport.LocalPeer.
func (s socket) Gone(error) { s.Close() }

// page is the user agent of a browser whose socket has proven the user, and that registers.
func (r *rig) page(user, addr, door string) *ua {
	r.t.Helper()
	u := r.ua(user, addr)
	u.to, u.via = door, transport.LOCAL
	r.attach(user, addr, door)
	aor := "<sip:" + user + "@" + domain + ">"
	reg := &side{ua: u, callID: "reg-" + user, target: "sip:" + domain, local: aor + ";tag=1", remote: aor}
	reg.send("REGISTER", "", "Expires: 3600")
	reg.Expect("200")
	return u
}

// attach makes the flow of a page.
func (r *rig) attach(user, addr, door string) *transport.Local {
	r.t.Helper()
	s := socket{r.net.ListenPacket(door), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(addr))}
	flow, err := r.endpoint.AttachLocal(s, user)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(flow.Close)
	go func() {
		for m, err := s.ReadMessage(); err == nil; m, err = s.ReadMessage() {
			if flow.Send(m) != nil {
				return
			}
		}
	}()
	if r.flows == nil {
		r.flows = map[string]*transport.Local{}
	}
	r.flows[user] = flow
	return flow
}

// stranger is a user agent on a WebSocket that has proven nothing.
func (r *rig) stranger(name, addr string) *ua {
	r.t.Helper()
	u := r.ua(name, addr)
	u.to, u.via = paulaDoor, transport.WS
	remote := netip.MustParseAddrPort(addr)
	s := socket{r.net.ListenPacket(paulaDoor), net.UDPAddrFromAddrPort(remote)}
	if _, err := r.endpoint.Attach(s, transport.AttachOptions{Transport: transport.WS, Remote: remote}); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { s.Close() })
	return u
}

func (r *rig) paula() *ua { return r.page("paula", paulaAddr, paulaDoor) }

func (r *rig) olga() *ua { return r.page("olga", olgaAddr, olgaDoor) }

// web is the description of a browser.
func web(extra ...string) string {
	lines := []string{"v=0", "o=- 7 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0 8 101",
		"c=IN IP4 0.0.0.0", "a=mid:0", "a=rtcp-mux", "a=rtpmap:101 telephone-event/8000", "a=ice-ufrag:page", "a=ice-pwd:pagepagepagepagepagepage",
		"a=fingerprint:sha-256 " + strings.Repeat("11:", 31) + "11", "a=setup:actpass"}
	return strings.Join(append(lines, extra...), "\r\n") + "\r\n"
}

// answerWeb sends 200 with a browser's description and expects the ACK.
func (s *side) answerWeb() {
	s.r.t.Helper()
	s.reply(s.invite, "200 OK", web())
	s.expect("ACK")
}

// refer asks to be connected with another, and takes what comes of it: first the status, then what the NOTIFYs say.
func (s *side) refer(to, status string, extra ...string) {
	s.r.t.Helper()
	s.send("REFER", "", append(extra, "Refer-To: "+to)...)
	for want := range strings.FieldsSeq(status) {
		if n, ok := strings.CutPrefix(want, "notify:"); ok {
			s.notified(n)
			continue
		}
		s.expect(want)
	}
}

// notified expects a NOTIFY about a transfer.
func (s *side) notified(status string) {
	s.r.t.Helper()
	m := s.expect("NOTIFY")
	_, body, _ := strings.Cut(m, "\r\n\r\n")
	if !strings.HasPrefix(body, "SIP/2.0 "+status) {
		s.r.t.Errorf("NOTIFY says %q, want %s", body, status)
	}
	final := status >= "200"
	s.r.header(m, "Subscription-State", map[bool]string{true: "terminated", false: "active"}[final])
	s.r.header(m, "Event", "refer")
	s.reply(m, "200 OK", "")
}

// replaces names the dialog of a side as its own user agent would write it into Refer-To.
func (s *side) replaces(to string) string {
	return "<sip:" + to + "@" + domain + "?Replaces=" + s.callID + "%3Bto-tag%3D" + siptest.TagIn(s.remote) + "%3Bfrom-tag%3D" + siptest.TagIn(s.local) + ">"
}

// replacing is the header of an INVITE that takes the place of a side.
func (s *side) replacing() string {
	return "Replaces: " + s.callID + ";to-tag=" + siptest.TagIn(s.remote) + ";from-tag=" + siptest.TagIn(s.local)
}

// order gives a call a command and expects an error, or none.
func (r *rig) order(call string, m Command, want error) {
	r.t.Helper()
	r.ladder.Note("order    %T", m)
	done := make(chan error, 1)
	go func() { done <- r.sw.Order(call, m) }()
	synctest.Wait()
	r.is(<-done, want)
}
