package transport_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/registrar"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

// proxy is a SIP element of example.com, as far as the examples of RFC 7118 §8 need one: it registers, answers, and calls back.
type proxy struct {
	reg *registrar.Registrar
}

func (p *proxy) ServeRequest(tx *transaction.ServerTx) {
	req, f := tx.Request(), tx.Flow()
	switch req.Method {
	case sip.REGISTER:
		res, _ := p.reg.Register(time.Now(), req, registrar.Arrival{Source: f.Remote, Transport: strings.ToLower(f.Transport), Flow: f.String(), User: f.User})
		tx.Respond(res)
	case sip.INVITE:
		for _, status := range []int{180, 200} {
			res := tx.Response(status, "")
			res.AppendHeader(sip.NewHeader("Contact", "<sip:bob@proxy.example.com;transport=ws>"))
			tx.Respond(res)
		}
	case sip.ACK:
	default:
		tx.Respond(tx.Response(200, ""))
	}
}
func (p *proxy) ServeCancel(*transaction.ServerTx, *sip.Request, bool) {}
func (p *proxy) ServeTxError(*transaction.ServerTx, error)             {}
func (p *proxy) ServeStray(*sip.Response, transport.Flow) bool         { return false }

// lane records what goes over the connections of an endpoint: the first line, Via, and what else the examples show.
type lane struct {
	begin time.Time
	lines []string
}

func (l *lane) tap(d transport.Direction, f transport.Flow, message []byte) {
	text := string(message)
	line, _, _ := strings.Cut(text, "\r\n")
	arrow := "alice -> proxy"
	if d == transport.Out {
		arrow = "proxy -> alice"
	}
	via, _ := sip.ParseVia(siptest.Field(text, "Via"))
	shown := via.Transport + " " + via.Host
	for _, name := range []string{"received", "rport"} {
		if v := via.Params.Value(name); v != "" {
			shown += " " + name + "=" + v
		}
	}
	l.lines = append(l.lines, strings.TrimRight(fmt.Sprintf("%8.3f  %s  %-58s %-20s via %s", time.Since(l.begin).Seconds(), arrow,
		strings.TrimSuffix(strings.TrimPrefix(line, "SIP/2.0 "), " SIP/2.0"), siptest.Field(text, "CSeq"), shown), " "))
}

func (l *lane) note(s string) {
	synctest.Wait()
	l.lines = append(l.lines, "          # "+s)
}

// alice is the browser of the examples: text in, text out.
type alice struct {
	t *testing.T
	*pipe
}

func (a alice) request(method, target string, seq int, extra ...string) string {
	return fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK%s%d;rport\r\nFrom: sip:alice@example.com;tag=asdyka899\r\n"+
		"To: sip:bob@example.com%s\r\nCall-ID: asidkj3ss\r\nCSeq: %d %s\r\nMax-Forwards: 70\r\n%s\r\n", method, target, method, seq, first(extra), seq, method, strings.Join(rest(extra), ""))
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

func rest(s []string) []string { return s[min(1, len(s)):] }

func (a alice) expect(want string) string {
	a.t.Helper()
	got := a.hear()
	if line, _, _ := strings.Cut(got, "\r\n"); !strings.Contains(line, want) {
		a.t.Fatalf("alice got %q, want %s", line, want)
	}
	return got
}

// reply answers a request of the proxy.
func (a alice) reply(req string, status string) {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %s\r\n", status)
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		value := siptest.Field(req, name)
		if name == "To" && !strings.Contains(value, "tag=") {
			value += ";tag=alicetag"
		}
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	a.say(b.String() + "Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>\r\n\r\n")
}

// example is what the parts of the ladder share.
type example struct {
	t     *testing.T
	e     *transport.Endpoint
	p     *proxy
	layer *transaction.Layer
	l     *lane
	a     alice
	flow  transport.Flow
	heard []transaction.ClientEvent
}

// TestRFC7118Flows plays the examples of RFC 7118 §8, and what the RFC asks for when a connection is gone.
func TestRFC7118Flows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := transport.New(transport.Config{Name: "edge", Advertise: "proxy.example.com"}, transport.Sockets{TCP: siptest.New(1).Listen(here)})
		if err != nil {
			t.Fatal(err)
		}
		x := &example{t: t, e: e, l: &lane{begin: time.Now()}}
		x.p = &proxy{reg: registrar.New(registrar.Config{Domains: []string{"example.com", "proxy.example.com"}}, nil)}
		x.layer = transaction.New(transaction.Config{Endpoint: e, Handler: x.p, TagKey: []byte("key")})
		e.Tap(x.l.tap)
		e.OnFlowClosed(func(f transport.Flow, _ error) { x.p.reg.LoseFlow(f.String(), time.Now()) })
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- x.layer.Serve(ctx) }()
		synctest.Wait()
		defer func() { cancel(); <-done }()
		wire, flow := attach(t, e, transport.AttachOptions{Transport: transport.WSS, Remote: browser(4000).Remote})
		x.a, x.flow = alice{t, wire}, flow
		x.aliceCalls()
		x.callAlice()
		siptest.Golden(t, "ladder/rfc7118.txt", strings.Join(x.l.lines, "\n")+"\n")
	})
}

// aliceCalls is what the RFC shows: registration, a call, its end.
func (x *example) aliceCalls() {
	a := x.a
	x.l.note("§8.1 registration")
	contact := "Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>\r\n  ;reg-id=1\r\n  ;+sip.instance=\"<urn:uuid:f81-7dec-14a06cf1>\"\r\n"
	a.say(strings.Replace(a.request("REGISTER", "sip:proxy.example.com", 1, "", "Supported: path, outbound, gruu\r\n", contact), "sip:bob@", "sip:alice@", 1))
	ok := a.expect("200 OK")
	if siptest.Field(ok, "Require") != "outbound" || !strings.Contains(siptest.Field(ok, "Contact"), "reg-id=1") {
		x.t.Errorf("%s", ok)
	}
	x.l.note("§8.2 a call of alice")
	a.say(a.request("INVITE", "sip:bob@example.com", 1, "", "Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws;ob>\r\n"))
	a.expect("180")
	tag := siptest.TagIn(siptest.Field(a.expect("200 OK"), "To"))
	a.say(a.request("ACK", "sip:bob@proxy.example.com;transport=ws", 1, ";tag="+tag))
	a.say(a.request("BYE", "sip:bob@proxy.example.com;transport=ws", 2, ";tag="+tag))
	a.expect("200 OK")
}

// callAlice calls her over her connection, which then goes.
func (x *example) callAlice() {
	t := x.t
	x.l.note("a call to alice goes down the connection over which she registered")
	b := x.p.reg.Lookup("alice@example.com", time.Now())[0]
	uri, _ := sip.ParseURI(b.Contact)
	to := transaction.To(x.e.Flow(transport.WSS, b.Received))
	if to.Bound != x.flow.ID {
		t.Fatalf("destination %+v", to)
	}
	invite := x.send(toAlice(sip.INVITE, uri, 1), to)
	x.a.reply(x.a.expect("INVITE sip:alice@df7jal23ls0d.invalid;transport=ws"), "200 OK")
	if len(x.heard) != 1 || x.heard[0].Response.StatusCode != 200 {
		t.Fatalf("heard %+v", x.heard)
	}
	ack := toAlice(sip.ACK, uri, 1)
	ack.ReplaceHeader(x.heard[0].Response.To())
	if err := invite.Ack(ack, to); err != nil {
		t.Fatal(err)
	}
	x.a.expect("ACK")
	x.l.note("the connection goes: what waits for alice fails, and so does at once what comes after")
	x.send(toAlice(sip.INFO, uri, 2), to)
	x.a.expect("INFO")
	x.a.Close()
	synctest.Wait()
	if len(x.heard) != 2 || !errors.Is(x.heard[1].Err, transaction.ErrTransport) {
		t.Errorf("heard %+v", x.heard)
	}
	if _, err := x.layer.Send(toAlice(sip.BYE, uri, 3), to, nil); !errors.Is(err, transaction.ErrTransport) {
		t.Errorf("got %v", err)
	}
	if len(x.p.reg.Lookup("alice@example.com", time.Now())) != 0 {
		t.Error("the binding outlives its connection")
	}
	x.l.note("another client comes from the same address: nothing of alice's reaches it")
	other, _ := attach(t, x.e, transport.AttachOptions{Transport: transport.WSS, Remote: browser(4000).Remote})
	if _, err := x.layer.Send(toAlice(sip.BYE, uri, 3), to, nil); !errors.Is(err, transaction.ErrTransport) {
		t.Errorf("got %v", err)
	}
	if got := other.hear(); got != "nothing" {
		t.Errorf("the other one got %q", got)
	}
}

func (x *example) send(req *sip.Request, to transaction.Destination) *transaction.ClientTx {
	x.t.Helper()
	tx, err := x.layer.Send(req, to, func(ev transaction.ClientEvent) { x.heard = append(x.heard, ev) })
	if err != nil {
		x.t.Fatal(err)
	}
	return tx
}

func toAlice(method sip.Method, uri sip.URI, seq uint32) *sip.Request {
	req := sip.NewRequest(method, uri)
	for _, h := range []string{"From: <sip:bob@example.com>;tag=bob", "To: <sip:alice@example.com>", "Call-ID: back", "Contact: <sip:proxy.example.com;transport=ws>"} {
		name, value, _ := strings.Cut(h, ": ")
		req.AppendHeader(header(name, value))
	}
	req.AppendHeader(header("CSeq", fmt.Sprintf("%d %s", seq, method)))
	return req
}

// header parses one header as the parser of the house does.
func header(name, value string) sip.Header {
	msg, err := sip.NewParser(1 << 12).ParseSIP([]byte("OPTIONS sip:x SIP/2.0\r\n" + name + ": " + value + "\r\n\r\n"))
	if err != nil {
		panic(err)
	}
	return msg.(*sip.Request).GetHeader(name)
}
