package dialog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/siptest"
)

// TestLadder runs the scripts of testdata/ladder: a line that starts with > is a stimulus, the lines below it are the effects, each with
// its virtual time in seconds. # starts a comment.
func TestLadder(t *testing.T) {
	files, err := filepath.Glob("testdata/ladder/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no ladders: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := runLadder(t, string(want))
			if siptest.Update() {
				if err := os.WriteFile(f, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("ladder differs\ngot:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func runLadder(t *testing.T, script string) string {
	p := newPlayer(t)
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n ")
		switch {
		case strings.HasPrefix(line, "#"):
			fmt.Fprintln(&out, line)
		case strings.HasPrefix(line, ">"):
			if out.Len() > 0 {
				fmt.Fprintln(&out)
			}
			fmt.Fprintln(&out, line)
			p.out.Reset()
			p.play(strings.TrimSpace(line[1:]))
			out.WriteString(p.out.String())
		}
	}
	return out.String()
}

// player is the owner and the peer of one usage.
type player struct {
	t         testing.TB
	u         *Usage
	now       time.Time
	start     time.Time
	out       strings.Builder
	sent      map[TxID]*sip.Request
	acks      map[*sip.Request]string
	parser    *base.Parser
	peerSeq   int
	inviteSeq int
	serverN   TxID
	refused   *sip.Response
	onEvent   func(Event)
	onEff     func(Effect)
}

func newPlayer(t testing.TB) *player {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &player{t: t, now: at, start: at, sent: map[TxID]*sip.Request{}, acks: map[*sip.Request]string{}, parser: sip.NewParser(1 << 16), peerSeq: 100}
}

// words of a stimulus: positional, key=value, and headers after |.
type words struct {
	pos     []string
	kv      map[string]string
	headers []sip.Header
}

func parseWords(line string) words {
	w := words{kv: map[string]string{}}
	parts := strings.Split(line, " | ")
	for _, h := range parts[1:] {
		name, value, _ := strings.Cut(h, ":")
		w.headers = append(w.headers, sip.NewHeader(strings.TrimSpace(name), strings.TrimSpace(unescapeText(value))))
	}
	for _, f := range strings.Fields(parts[0]) {
		if k, v, ok := strings.Cut(f, "="); ok {
			w.kv[k] = v
		} else {
			w.pos = append(w.pos, f)
		}
	}
	return w
}

func unescapeText(s string) string { return strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(s) }

func (w words) arg(i int) string {
	if i < len(w.pos) {
		return w.pos[i]
	}
	return ""
}

func (w words) num(i int) int {
	n, _ := strconv.Atoi(w.arg(i))
	return n
}

func (w words) sdp() Body {
	if s := w.kv["sdp"]; s != "" {
		return SDP([]byte(s))
	}
	return Body{}
}

func (p *player) play(line string) {
	w := parseWords(line)
	n := p.now
	switch w.arg(0) {
	case "new":
		p.create(w)
	case "invite":
		p.show(p.u.Invite(n, w.sdp()))
	case "progress":
		p.show(p.u.Progress(n, w.num(1), w.sdp(), w.headers...))
	case "accept":
		p.show(p.u.Accept(n, w.sdp(), w.headers...))
	case "reject":
		p.show(p.u.Reject(n, w.num(1), w.headers...))
	case "offer":
		p.show(p.u.Offer(n, w.sdp()))
	case "answer":
		p.show(p.u.Answer(n, w.sdp()))
	case "refuse":
		p.show(p.u.Refuse(n, w.num(1), w.headers...))
	case "send":
		p.show(p.u.Send(n, sip.Method(w.arg(1)), Body{Type: "text/plain", Data: []byte(w.kv["text"])}, w.headers...))
	case "reply":
		p.show(p.u.Reply(n, TxID(w.num(1)), w.num(2), Body{}, w.headers...))
	case "hangup":
		p.show(p.u.Hangup(n, w.headers...))
	case "canceled":
		p.show(p.u.OnCanceled(n, p.request("CANCEL", w)))
	case "request":
		p.serverN++
		tx := p.serverN
		if w.arg(1) == "ACK" {
			tx = 0
			p.serverN--
		}
		p.show(p.u.OnRequest(n, tx, p.request(w.arg(1), w)))
	case "response":
		tx := TxID(w.num(1))
		p.show(p.u.OnResponse(n, tx, p.response(tx, w.num(2), w)))
	case "error":
		err := ErrTransport
		if w.arg(2) == "timeout" {
			err = fmt.Errorf("transaction: %w", ErrTimeout)
		}
		p.show(p.u.OnTxError(n, TxID(w.num(1)), err))
	case "wait":
		s, _ := strconv.ParseFloat(w.arg(1), 64)
		p.wait(time.Duration(s * float64(time.Second)))
	case "state":
		fmt.Fprintf(&p.out, "  %8.3f    %s, slot %s, target %s\n", p.clock(), p.u.State(), p.u.slot, p.target())
	default:
		p.t.Fatalf("unknown stimulus %q", line)
	}
}

func (p *player) target() string {
	if t, ok := p.u.RemoteTarget(); ok {
		return t.String()
	}
	return "-"
}

func (p *player) clock() float64 { return p.now.Sub(p.start).Seconds() }

// wait lets virtual time pass.
func (p *player) wait(d time.Duration) {
	end := p.now.Add(d)
	for range 1000 {
		at := p.u.Deadline()
		if at.IsZero() || at.After(end) {
			break
		}
		p.now = at
		p.show(p.u.OnTimer(p.now))
	}
	p.now = end
}

func mustURI(s string) sip.URI {
	u, err := sip.ParseURI(s)
	if err != nil {
		panic(err)
	}
	return u
}

func testConfig() Config {
	return Config{
		CallID: "call-1", LocalTag: "us", CSeq: 1, UserAgent: "tandem",
		Local:   sip.NameAddr{Display: `Al "A" Ice`, URI: mustURI("sip:alice@tandem.example")},
		Remote:  sip.NameAddr{URI: mustURI("sip:bob@peer.example")},
		Target:  mustURI("sip:bob@peer.example"),
		Contact: mustURI("sip:tandem@192.0.2.1:5060"),
		Rand:    func() float64 { return 0 },
	}
}

func (p *player) create(w words) {
	cfg := testConfig()
	for k, v := range w.kv {
		secs, _ := strconv.Atoi(v)
		switch k {
		case "session":
			cfg.SessionExpires = time.Duration(secs) * time.Second
		case "minse":
			cfg.MinSE = time.Duration(secs) * time.Second
		case "auth":
			cfg.Auth = fakeAuth{v}
		case "update":
			cfg.PreferUpdate = true
		case "prefer100rel":
			cfg.Prefer100rel = true
		case "allow":
			cfg.Allow = v
		case "route":
			for r := range strings.SplitSeq(v, ",") {
				cfg.Route = append(cfg.Route, mustURI(r))
			}
		}
	}
	if w.arg(1) == "uac" {
		cfg.Headers = w.headers
		p.u = NewUAC(cfg)
		return
	}
	p.serverN = 1
	u, err := NewUAS(cfg, p.request("INVITE", w), 1)
	if err != nil {
		refused := err.(*RefusedError)
		p.refused = refused.Response
		p.show([]Effect{{Kind: Respond, Tx: 1, Response: refused.Response}})
		return
	}
	p.u = u
}

// fakeAuth answers every challenge with the name of the realm; "no" gives up.
type fakeAuth struct{ mode string }

func (f fakeAuth) Authorize(req *sip.Request, res *sip.Response) bool {
	if f.mode == "no" {
		return false
	}
	give := map[int][2]string{401: {"WWW-Authenticate", "Authorization"}, 407: {"Proxy-Authenticate", "Proxy-Authorization"}}[res.StatusCode]
	for _, h := range res.GetHeaders(give[0]) {
		realm, _ := challenge(h.Value())
		req.AppendHeader(sip.NewHeader(give[1], fmt.Sprintf("Digest realm=%q, uri=%q", realm, req.Recipient.String())))
	}
	return true
}

// request writes a request of the peer and parses it.
func (p *player) request(method string, w words) *sip.Request {
	seq := p.inviteSeq
	if method != "ACK" && method != "CANCEL" {
		p.peerSeq++
		seq = p.peerSeq
	}
	if method == "INVITE" {
		p.inviteSeq = seq
	}
	if s := w.kv["seq"]; s != "" {
		seq, _ = strconv.Atoi(s)
	}
	tag := or(w.kv["tag"], "peer")
	to := "<sip:alice@tandem.example>"
	if p.u != nil {
		to += ";tag=" + or(w.kv["totag"], "us")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s sip:tandem@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%d%s\r\n", method, seq, method)
	fmt.Fprintf(&b, "From: \"Bob\" <sip:bob@peer.example>;tag=%s\r\nTo: %s\r\nCall-ID: call-1\r\nCSeq: %d %s\r\nMax-Forwards: 70\r\n", tag, to, seq, method)
	for r := range strings.SplitSeq(w.kv["rr"], ",") {
		if r != "" {
			fmt.Fprintf(&b, "Record-Route: <%s>\r\n", r)
		}
	}
	if c := or(w.kv["contact"], "sip:bob@198.51.100.7:5060"); c != "none" {
		fmt.Fprintf(&b, "Contact: <%s>\r\n", c)
	}
	p.tail(&b, w)
	return p.parse(b.String()).(*sip.Request)
}

func (p *player) tail(b *strings.Builder, w words) {
	for _, h := range w.headers {
		fmt.Fprintf(b, "%s: %s\r\n", h.Name(), h.Value())
	}
	body := w.kv["sdp"]
	kind := typeSDP
	if w.kv["body"] != "" {
		body, kind = unescapeText(w.kv["body"]), w.kv["type"]
	}
	if w.kv["multipart"] != "" {
		kind = "multipart/mixed;boundary=x"
		body = "--x\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n--x\r\nContent-Type: application/sdp\r\n\r\n" + w.kv["multipart"] + "\r\n--x--\r\n"
	}
	if body != "" {
		fmt.Fprintf(b, "Content-Type: %s\r\n", kind)
	}
	fmt.Fprintf(b, "Content-Length: %d\r\n\r\n%s", len(body), body)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (p *player) parse(text string) sip.Message {
	msg, err := p.parser.ParseSIP([]byte(text))
	if err != nil {
		p.t.Fatalf("parse: %v\n%s", err, text)
	}
	return msg
}

// response answers a request that was sent.
func (p *player) response(tx TxID, status int, w words) *sip.Response {
	req := p.sent[tx]
	if req == nil {
		p.t.Fatalf("no request #%d was sent", tx)
	}
	tag := or(w.kv["tag"], "peer")
	if tag == "none" || status == 100 {
		tag = ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\nVia: %s\r\nFrom: %s\r\n", status, or(w.kv["reason"], sip.Phrase(status)), req.Via().Value(), req.From().Value())
	to := req.To().Value()
	if tag != "" && sip.ToTag(req) == "" {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "To: %s\r\nCall-ID: call-1\r\nCSeq: %s\r\n", to, req.CSeq().Value())
	for r := range strings.SplitSeq(w.kv["rr"], ",") {
		if r != "" {
			fmt.Fprintf(&b, "Record-Route: <%s>\r\n", r)
		}
	}
	if c := or(w.kv["contact"], "sip:bob@198.51.100.7:5060"); status < 300 && status > 100 && c != "none" && (req.Method == sip.INVITE || req.Method == sip.UPDATE) {
		fmt.Fprintf(&b, "Contact: <%s>\r\n", c)
	}
	p.tail(&b, w)
	return p.parse(b.String()).(*sip.Response)
}

// show performs the effects as the rooms around would, and writes them down.
func (p *player) show(effects []Effect) {
	for _, e := range effects {
		fmt.Fprintf(&p.out, "  %8.3f %s\n", p.clock(), p.describe(e))
		if p.onEff != nil {
			p.onEff(e)
		}
	}
}

func (p *player) describe(e Effect) string {
	switch e.Kind {
	case SendRequest:
		e.Request.PrependHeader(&base.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: "192.0.2.1", Port: 5060,
			Params: base.HeaderParams{{K: "branch", V: fmt.Sprintf("z9hG4bKc%d", e.Tx)}}})
		p.sent[e.Tx] = e.Request
		p.complete(e.Request)
		p.wire(e.Request.String())
		return fmt.Sprintf("-> #%d %s", e.Tx, line(e.Request))
	case WriteACK:
		text, again := p.acks[e.Request]
		if !again {
			p.acks[e.Request] = e.Request.String()
		} else if text != e.Request.String() {
			p.t.Errorf("ACK changed")
		}
		p.wire(e.Request.String())
		if again {
			return "-> (again) " + line(e.Request)
		}
		return "-> " + line(e.Request)
	case SendCancel:
		return fmt.Sprintf("-> #%d CANCEL%s", e.Tx, rest(e.Headers))
	case Respond, Retransmit2xx, Retransmit1xx:
		if m := e.Response.CSeq(); m != nil && e.Response.StatusCode > 100 && e.Response.StatusCode < 300 && (m.MethodName == "INVITE" || m.MethodName == "UPDATE") {
			p.one(e.Response, "Contact")
		}
		p.wire(e.Response.String())
		again := ""
		if e.Kind != Respond {
			again = "(again) "
		}
		return fmt.Sprintf("-> %s@%d %s", again, e.Tx, resLine(e.Response))
	case Raise:
		if p.onEvent != nil {
			p.onEvent(e.Event)
		}
		return "   " + eventLine(e.Event)
	}
	return "   " + e.Kind.String()
}

// complete proves that a request has what every request of its kind must have, once.
func (p *player) complete(req *sip.Request) {
	names := []string{"From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "User-Agent"}
	switch req.Method {
	case sip.INVITE, sip.UPDATE:
		names = append(names, "Contact", "Allow", "Supported")
	case sip.REFER, sip.NOTIFY:
		names = append(names, "Contact")
	}
	for _, name := range names {
		p.one(req, name)
	}
	if h := req.MaxForwards(); h == nil || h.Val() != 70 {
		p.t.Errorf("Max-Forwards: got %v\n%s", h, req)
	}
}

func (p *player) one(msg sip.Message, name string) {
	if n := len(msg.GetHeaders(name)); n != 1 {
		p.t.Errorf("got %d %s headers\n%s", n, name, msg)
	}
}

// wire proves that what goes out can be read again.
func (p *player) wire(text string) {
	msg := p.parse(text)
	if again := msg.String(); again != text && !strings.Contains(text, "Route") {
		p.t.Errorf("print ∘ parse differs\ngot:  %q\nwant: %q", again, text)
	}
}

var shown = []string{"Route", "Record-Route", "Contact", "Max-Forwards", "Session-Expires", "Min-SE", "Require", "Unsupported", "RSeq", "RAck", "Retry-After", "Reason",
	"Authorization", "Proxy-Authorization", "X-Note", "Accept", "Allow", "Subject"}

func line(req *sip.Request) string {
	return fmt.Sprintf("%s %s cseq=%d to-tag=%s%s%s", req.Method, req.Recipient.String(), req.CSeq().SeqNo, or(sip.ToTag(req), "-"), rest(req.Headers()), bodyText(req.Body()))
}

func resLine(res *sip.Response) string {
	return fmt.Sprintf("%d %s (%s) tag=%s%s%s", res.StatusCode, res.Reason, res.CSeq().Value(), sip.ToTag(res), rest(res.Headers()), bodyText(res.Body()))
}

func rest(headers []sip.Header) string {
	var b strings.Builder
	for _, h := range headers {
		v := h.Value()
		switch {
		case !slices.Contains(shown, h.Name()), v == DefaultAllow, h.Name() == "Max-Forwards" && v == "70", v == "<sip:tandem@192.0.2.1:5060>":
		default:
			fmt.Fprintf(&b, " | %s: %s", h.Name(), v)
		}
	}
	return b.String()
}

func bodyText(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return fmt.Sprintf(" [%s]", b)
}

func eventLine(e Event) string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	put := func(on bool, format string, args ...any) {
		if on {
			fmt.Fprintf(&b, " "+format, args...)
		}
	}
	put(e.Status != 0, "%d %s", e.Status, e.Text)
	put(e.Status == 0 && e.Text != "", "%s", e.Text)
	put(e.Tx != 0, "#%d", e.Tx)
	put(e.RemoteTag != "", "tag=%s", e.RemoteTag)
	put(e.Via != 0, "via=%s", e.Via)
	put(e.How != 0, "how=%s", e.How)
	put(e.By != 0, "by=%s", e.By)
	put(e.Cause != 0, "q850=%d", e.Cause)
	put(e.Reliable, "reliable")
	put(e.Refresh, "refresh")
	put(e.IsOffer, "offer")
	for _, c := range e.Contacts {
		put(true, "%s", c.String())
	}
	put(!e.Body.Empty(), "[%s]", e.Body.Data)
	return b.String()
}
