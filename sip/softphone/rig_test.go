package softphone

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/registrar"
	"tandem/sip/siptest"
	"tandem/sip/transport"
)

const sdpA, sdpB = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=a\r\n", "v=0\r\no=- 2 1 IN IP4 0.0.0.0\r\ns=b\r\n"

// hub is a gateway without a will: an endpoint whose receiver registers phones and passes everything else on, as a stateless
// proxy does. What goes to or comes from its own user "gw" is the script's.
type hub struct {
	t    *testing.T
	e    *transport.Endpoint
	reg  *registrar.Registrar
	mine chan sip.Message // to gw
	stop func()           // ends Serve

	mu     sync.Mutex
	begin  time.Time
	lines  []string
	tags   map[string]string
	mute   bool                                    // nothing is passed on or answered
	fate   func(msg sip.Message, text string) bool // true: lost here
	flows  []transport.Flow
	ended  []transport.Flow
	status int // that REGISTER gets, 0 for the registrar's own
}

// bubble runs a set of phones against a hub in virtual time.
func bubble(t *testing.T, cfg Config, play func(h *hub, s *Set)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &hub{t: t, mine: make(chan sip.Message, 100), begin: time.Now(), tags: map[string]string{}}
		h.reg = registrar.New(registrar.Config{Domains: []string{"tandem.test"}}, nil)
		e, err := transport.New(transport.Config{Name: "hub", Advertise: "gw.test"}, transport.Sockets{})
		if err != nil {
			t.Fatal(err)
		}
		h.e = e
		e.Tap(h.tap)
		e.OnFlowClosed(h.lost)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		h.stop = cancel
		go func() { done <- e.Serve(ctx, h) }()
		synctest.Wait()
		cfg.Gateway, cfg.Domain, cfg.Rand = e, "tandem.test", func() float64 { return 0.5 }
		s := New(cfg)
		defer func() {
			h.close(s)
			cancel()
			<-done
		}()
		play(h, s)
	})
}

// close ends the phones, and sees that nothing is left.
func (h *hub) close(s *Set) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s.Close(ctx)
	if n := s.Len(); n != 0 {
		h.t.Errorf("%d phones are left", n)
	}
	if c := s.layer.Counts(); c.Client+c.Server != 0 {
		h.t.Errorf("transactions are left: %+v", c)
	}
}

func (h *hub) lost(f transport.Flow, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, f)
	h.reg.DropFlow(f.String(), time.Now())
}

var tagged = regexp.MustCompile(`;tag=([^;>\s]+)`)

// tap writes the ladder: who, to whom, what.
func (h *hub) tap(d transport.Direction, f transport.Flow, message []byte) {
	text := string(message)
	line, _, _ := strings.Cut(text, "\r\n")
	seq := strings.Fields(siptest.Field(text, "CSeq"))
	if len(seq) != 2 {
		return
	}
	who := f.User + " ->"
	if d == transport.Out {
		who = f.User + " <-"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	line = strings.TrimSuffix(strings.TrimPrefix(line, "SIP/2.0 "), " SIP/2.0")
	line = regexp.MustCompile(`sip:(\w+)@p\d+\.invalid;transport=local`).ReplaceAllString(line, "sip:$1@page")
	facts := []string{"cseq=" + seq[1]}
	for _, name := range []string{"From", "To"} {
		if m := tagged.FindStringSubmatch(siptest.Field(text, name)); m != nil {
			if h.tags[m[1]] == "" {
				h.tags[m[1]] = string(rune('A' + len(h.tags)))
			}
			facts = append(facts, strings.ToLower(name)+"="+h.tags[m[1]])
		}
	}
	if strings.Contains(text, "v=0") {
		facts = append(facts, "sdp")
	}
	h.lines = append(h.lines, fmt.Sprintf("%8.3f  %-8s %-40s %s", time.Since(h.begin).Seconds(), who, line, strings.Join(facts, " ")))
}

func (h *hub) note(text string) {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, fmt.Sprintf("%8.3f  # %s", time.Since(h.begin).Seconds(), text))
}

func (h *hub) golden(name string) {
	h.t.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	siptest.Golden(h.t, "ladder/"+name+".txt", strings.Join(h.lines, "\n")+"\n")
}

// Receive implements transport.Receiver.
func (h *hub) Receive(msg sip.Message, flow transport.Flow) {
	h.mu.Lock()
	mute, fate, status := h.mute, h.fate, h.status
	h.mu.Unlock()
	if mute || fate != nil && fate(msg, msg.String()) {
		return
	}
	switch m := msg.(type) {
	case *sip.Request:
		sip.StampVia(m, flow.Remote, false)
		h.request(m, flow, status)
	case *sip.Response:
		h.response(m, flow)
	}
}

func (h *hub) request(req *sip.Request, flow transport.Flow, status int) {
	switch {
	case req.Method == sip.REGISTER && status != 0:
		res := sip.NewResponse(req, status, "", "gw")
		if status == sip.StatusIntervalTooBrief {
			res.AppendHeader(sip.NewHeader("Min-Expires", "7200"))
		}
		h.e.Write(flow, []byte(res.String()))
	case req.Method == sip.REGISTER:
		res, _ := h.reg.Register(time.Now(), req, registrar.Arrival{Source: flow.Remote, Transport: "local", Flow: flow.String(), User: flow.User})
		h.e.Write(flow, []byte(res.String()))
	case req.Recipient.User == "gw":
		h.mu.Lock()
		h.flows = append(h.flows, flow)
		h.mu.Unlock()
		h.mine <- req
	default:
		h.forward(req, flow)
	}
}

// forward passes a request on to the phone whose Contact or address of record it names.
func (h *hub) forward(req *sip.Request, from transport.Flow) {
	list := h.reg.Lookup(req.Recipient.User+"@tandem.test", time.Now())
	if len(list) == 0 {
		if req.Method != sip.ACK {
			h.e.Write(from, []byte(sip.NewResponse(req, sip.StatusNotFound, "", "gw").String()))
		}
		return
	}
	branch, _ := req.Via().Params.Get("branch")
	line, rest, _ := strings.Cut(req.String(), "\r\n")
	via := "Via: SIP/2.0/LOCAL gw.test;branch=" + branch + "h\r\n"
	h.e.Write(h.e.Flow(transport.LOCAL, list[0].Received), []byte(line+"\r\n"+via+rest))
}

func (h *hub) response(res *sip.Response, flow transport.Flow) {
	line, rest, _ := strings.Cut(res.String(), "\r\n")
	_, rest, _ = strings.Cut(rest, "\r\n") // our Via is the first
	via, err := sip.ParseVia(siptest.Field("x\r\n"+rest, "Via"))
	if err != nil { // it answers the script
		h.mine <- res
		return
	}
	port, _ := strconv.Atoi(via.Params.Value("rport"))
	to := netip.AddrPortFrom(netip.MustParseAddr(via.Params.Value("received")), uint16(port))
	h.e.Write(h.e.Flow(transport.LOCAL, to), []byte(line+"\r\n"+rest))
}

// Malformed implements transport.Receiver.
func (h *hub) Malformed(sip.Message, transport.Flow, error) {
	h.t.Error("malformed message from a phone")
}

// FlowClosed implements transport.Receiver.
func (h *hub) FlowClosed(transport.Flow, error) {}

// request of the script: what came to gw.
func (h *hub) expect(method sip.Method) (*sip.Request, transport.Flow) {
	h.t.Helper()
	synctest.Wait()
	select {
	case m := <-h.mine:
		req, ok := m.(*sip.Request)
		if !ok || req.Method != method {
			h.t.Fatalf("gateway got %s, want %s", first(m), method)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		f := h.flows[0]
		h.flows = h.flows[1:]
		return req, f
	default:
		h.t.Fatalf("gateway got nothing, want %s", method)
		return nil, transport.Flow{}
	}
}

func (h *hub) expectResponse(status int) *sip.Response {
	h.t.Helper()
	synctest.Wait()
	select {
	case m := <-h.mine:
		res, ok := m.(*sip.Response)
		if !ok || res.StatusCode != status {
			h.t.Fatalf("gateway got %s, want %d", first(m), status)
		}
		return res
	default:
		h.t.Fatalf("gateway got nothing, want %d", status)
		return nil
	}
}

// reply answers a request to gw.
func (h *hub) reply(req *sip.Request, flow transport.Flow, status int, sdp string, headers ...string) {
	h.t.Helper()
	synctest.Wait() // what was written before is worked off: a ladder has one order
	res := sip.NewResponse(req, status, "", "gwtag")
	res.AppendHeader(sip.NewHeader("Contact", "<sip:gw@gw.test>"))
	for i := 0; i+1 < len(headers); i += 2 {
		res.AppendHeader(sip.NewHeader(headers[i], headers[i+1]))
	}
	if sdp != "" {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	res.SetBody([]byte(sdp))
	if err := h.e.Write(flow, []byte(res.String())); err != nil {
		h.t.Error(err)
	}
}

// say sends a request of gw in the dialog that a request to it made.
func (h *hub) say(invite *sip.Request, flow transport.Flow, method sip.Method, seq int, body string, headers ...string) {
	h.t.Helper()
	synctest.Wait()
	contacts, _ := sip.Contacts(invite)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/LOCAL gw.test;branch=z9hG4bKs%s%d\r\nMax-Forwards: 70\r\n", method, contacts[0].URIText(), method, seq)
	fmt.Fprintf(&b, "From: <sip:gw@tandem.test>;tag=gwtag\r\nTo: <sip:x@tandem.test>;tag=%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:gw@gw.test>\r\n",
		sip.FromTag(invite), invite.CallID().Value(), seq, method)
	for i := 0; i+1 < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1])
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	if err := h.e.Write(flow, []byte(b.String())); err != nil {
		h.t.Error(err)
	}
}

// cancel cancels a re-INVITE that say sent.
func (h *hub) cancel(invite *sip.Request, flow transport.Flow, seq int) {
	h.t.Helper()
	contacts, _ := sip.Contacts(invite)
	text := fmt.Sprintf("CANCEL %s SIP/2.0\r\nVia: SIP/2.0/LOCAL gw.test;branch=z9hG4bKsINVITE%d\r\nMax-Forwards: 70\r\nFrom: <sip:gw@tandem.test>;tag=gwtag\r\n"+
		"To: <sip:x@tandem.test>;tag=%s\r\nCall-ID: %s\r\nCSeq: %d CANCEL\r\n\r\n", contacts[0].URIText(), seq, sip.FromTag(invite), invite.CallID().Value(), seq)
	if err := h.e.Write(flow, []byte(text)); err != nil {
		h.t.Error(err)
	}
}

// open makes a phone and registers it.
func (h *hub) open(s *Set, user string) *Phone {
	h.t.Helper()
	p, err := s.Open(Options{User: user, Display: strings.ToUpper(user)})
	if err != nil {
		h.t.Fatal(err)
	}
	must(h.t, p.Register())
	if ev := want[Registered](h.t, p); !ev.OK || ev.Status != 200 {
		h.t.Fatalf("%s: %+v", user, ev)
	}
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want takes the next event, which must be there and of that type.
func want[E Event](t *testing.T, p *Phone) E {
	t.Helper()
	synctest.Wait()
	select {
	case ev, ok := <-p.Events():
		e, right := ev.(E)
		if !ok || !right {
			var none E
			t.Fatalf("%s: got %T %+v, want %T", p.User(), ev, ev, none)
		}
		return e
	default:
		var none E
		t.Fatalf("%s: no event, want %T", p.User(), none)
		return none
	}
}

// silent fails when an event is there.
func silent(t *testing.T, phones ...*Phone) {
	t.Helper()
	synctest.Wait()
	for _, p := range phones {
		select {
		case ev := <-p.Events():
			t.Fatalf("%s: unexpected %T %+v", p.User(), ev, ev)
		default:
		}
	}
}

func first(m sip.Message) string {
	line, _, _ := strings.Cut(m.String(), "\r\n")
	return line
}
