package b2bua

import (
	"fmt"
	"strings"
	"time"

	"tandem/sip"
	"tandem/sip/digest"
	"tandem/sip/siptest"
)

// ua is a scripted user agent with one dialog at a time.
type ua struct {
	*siptest.UA
	r    *rig
	name string
	addr string
	to   string // where it reaches us
	via  string // its transport, in Via
	n    int    // transactions
}

func (r *rig) ua(name, addr string) *ua {
	return &ua{UA: siptest.NewUA(r.t, r.net, addr), r: r, name: name, addr: addr, to: tandemAddr, via: "UDP"}
}

// carrier is the usual caller: trusted by its address.
func (r *rig) carrier() *ua { return r.ua("+4930555", carrierAddr) }

// side is one end of a dialog, as a user agent sees it.
type side struct {
	*ua
	callID        string
	local, remote string // From and To values of requests that we send, with tags
	target        string // Request-URI of in-dialog requests
	cseq          int
	invite        string // raw text of the last INVITE, sent or received
	branch        string // of the last INVITE sent
	failed        bool   // its final response was 300 or above
}

// sdpAt is a session description with G.711 at an address; extra lines are added to the m-section.
func sdpAt(ip string, port int, codecs string, extra ...string) string {
	lines := []string{"v=0", "o=- 1 1 IN IP4 " + ip, "s=-", "c=IN IP4 " + ip, "t=0 0", fmt.Sprintf("m=audio %d RTP/AVP %s", port, codecs)}
	if strings.Contains(codecs, "101") {
		lines = append(lines, "a=rtpmap:101 telephone-event/8000")
	}
	return strings.Join(append(lines, extra...), "\r\n") + "\r\n"
}

// sdp is what this user agent offers and answers.
func (u *ua) sdp(extra ...string) string {
	ip, _, _ := strings.Cut(u.addr, ":")
	return sdpAt(ip, 4000, "8 0 101", extra...)
}

// call starts a call. The INVITE is on its way when it returns.
func (u *ua) call(to, body string, extra ...string) *side {
	u.n++
	s := &side{ua: u, callID: fmt.Sprintf("%s-%d", u.addr, u.n), target: "sip:" + to + "@10.0.0.1"}
	s.local = fmt.Sprintf("<sip:%s@%s>;tag=%s%d", u.name, domain, strings.Trim(u.name, "+"), u.n)
	s.remote = fmt.Sprintf("<sip:%s@%s>", to, domain)
	s.send("INVITE", body, extra...)
	return s
}

// request builds a request of the dialog.
func (s *side) request(method, body string, extra ...string) string {
	s.n++
	branch := fmt.Sprintf("z9hG4bK-%s-%d", s.addr, s.n)
	seq := s.cseq
	switch method {
	case "ACK":
		if s.failed { // hop by hop, RFC 3261 §17.1.1.3
			branch = s.branch
		}
	case "CANCEL":
		branch = s.branch
	default:
		s.cseq++
		seq = s.cseq
	}
	lines := []string{
		method + " " + s.target + " SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/%s %s;branch=%s;rport", s.via, s.addr, branch),
		"Max-Forwards: 70", "From: " + s.local, "To: " + s.remote, "Call-ID: " + s.callID, fmt.Sprintf("CSeq: %d %s", seq, method),
	}
	if method != "CANCEL" {
		lines = append(lines, fmt.Sprintf("Contact: <sip:%s@%s>", s.name, s.addr))
	}
	lines = append(lines, extra...)
	if body != "" && !strings.Contains(strings.Join(extra, ""), "Content-Type") {
		lines = append(lines, "Content-Type: application/sdp")
	}
	text := strings.Join(append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", body), "\r\n")
	if method == "INVITE" {
		s.invite, s.branch, s.failed = text, branch, false
	}
	return text
}

func (s *side) send(method, body string, extra ...string) {
	s.Send(s.to, s.request(method, body, extra...))
}

// expect takes the next message. From a 2xx or 1xx it learns the remote tag and target.
func (s *side) expect(first string) string {
	s.r.t.Helper()
	m := s.Expect(first)
	if strings.HasPrefix(m, "SIP/2.0") && strings.HasSuffix(siptest.Field(m, "CSeq"), "INVITE") && !strings.HasPrefix(m, "SIP/2.0 100") {
		s.learn(siptest.Field(m, "To"), m)
		s.failed = m[8] >= '3'
	}
	return m
}

func (s *side) learn(remote, m string) {
	s.remote = remote
	if c := siptest.Field(m, "Contact"); c != "" {
		s.target, _, _ = strings.Cut(strings.TrimPrefix(c, "<"), ">")
	}
}

// establish expects the 2xx and acknowledges it.
func (s *side) establish() string {
	s.r.t.Helper()
	ok := s.expect("200")
	s.send("ACK", "")
	return ok
}

// bye hangs up and expects the answer.
func (s *side) bye() {
	s.r.t.Helper()
	s.send("BYE", "")
	s.expect("200")
}

// hungUp expects a BYE and answers it.
func (s *side) hungUp() string {
	s.r.t.Helper()
	m := s.expect("BYE")
	s.reply(m, "200 OK", "")
	return m
}

// ring expects an INVITE, with which a dialog of ours begins.
func (u *ua) ring() *side {
	u.r.t.Helper()
	m := u.Expect("INVITE")
	u.n++
	s := &side{ua: u, callID: siptest.Field(m, "Call-ID"), invite: m, remote: siptest.Field(m, "From"), cseq: 100}
	s.local = fmt.Sprintf("%s;tag=%s-%d", siptest.Field(m, "To"), u.name, u.n)
	s.learn(s.remote, m)
	return s
}

// reply answers a request with our tag, a body and further headers.
func (s *side) reply(req, status, body string, extra ...string) {
	s.replyAs(siptest.TagIn(s.local), req, status, body, extra...)
}

// replyAs answers under another tag: a fork.
func (s *side) replyAs(tag, req, status, body string, extra ...string) {
	text := s.Reply(req, status, tag, extra...)
	text = strings.Replace(text, fmt.Sprintf("<sip:ua@%s>", s.addr), fmt.Sprintf("<sip:%s@%s>", s.name, s.addr), 1)
	if body != "" {
		text = strings.Replace(text, "Content-Length: 0\r\n\r\n", fmt.Sprintf("Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(body), body), 1)
	}
	s.Send(s.to, text)
}

// answer sends 200 with our session and expects the ACK.
func (s *side) answer() {
	s.r.t.Helper()
	s.reply(s.invite, "200 OK", s.sdp())
	s.expect("ACK")
}

// prove answers the 401 to the INVITE with the phone's password.
func (s *side) prove(extra ...string) {
	s.r.t.Helper()
	challenge := s.expect("401")
	s.send("ACK", "")
	s.remote, _, _ = strings.Cut(s.remote, ";tag=")
	req := parse[*sip.Request](s.r.t, s.invite)
	client := digest.NewClient([]digest.Account{{User: s.name, Password: digest.Secret("secret-" + s.name)}}, func() string { return "0123456789abcdef" })
	if !client.Authorize(req, parse[*sip.Response](s.r.t, challenge)) {
		s.r.t.Fatal("challenge not understood")
	}
	_, body, _ := strings.Cut(s.invite, "\r\n\r\n")
	s.send("INVITE", body, append(extra, "Authorization: "+req.GetHeader("Authorization").Value())...)
}

// proveRegister sends the REGISTER again with the phone's password.
func (s *side) proveRegister(challenge string) {
	s.r.t.Helper()
	s.cseq--
	req := parse[*sip.Request](s.r.t, s.request("REGISTER", ""))
	client := digest.NewClient([]digest.Account{{User: s.name, Password: digest.Secret("secret-" + s.name)}}, func() string { return "0123456789abcdef" })
	if !client.Authorize(req, parse[*sip.Response](s.r.t, challenge)) {
		s.r.t.Fatal("challenge not understood")
	}
	s.send("REGISTER", "", "Expires: 300", "Authorization: "+req.GetHeader("Authorization").Value())
}

// header fails unless a header of a message contains the text.
func (r *rig) header(m, name, want string) {
	r.t.Helper()
	if got := siptest.Field(m, name); !strings.Contains(got, want) {
		r.t.Errorf("%s: %q, want %q", name, got, want)
	}
}

// connected is a call of the carrier to bert, bridged.
func (r *rig) connected() (a, b *side) {
	r.t.Helper()
	carrier, bert := r.carrier(), r.ua("bert", bertAddr)
	r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
	a = carrier.call("bert", carrier.sdp())
	b = bert.ring()
	b.answer()
	a.establish()
	r.wait(time.Second)
	return a, b
}

// replaceContact puts another Contact into a raw response.
func replaceContact(text, contact string) string {
	return strings.Replace(text, "Contact: "+siptest.Field(text, "Contact"), "Contact: "+contact, 1)
}

// containsHeader tells whether the head of a raw message contains the text.
func containsHeader(text, part string) bool {
	head, _, _ := strings.Cut(text, "\r\n\r\n")
	return strings.Contains(strings.ToLower(head), strings.ToLower(part))
}
