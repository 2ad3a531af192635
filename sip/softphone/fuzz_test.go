package softphone

import (
	"context"
	"strings"
	"testing"

	"tandem/sip"
	"tandem/sip/transport"
)

// deaf is a gateway that says nothing by itself.
type deaf struct{}

func (deaf) Receive(sip.Message, transport.Flow)          {}
func (deaf) Malformed(sip.Message, transport.Flow, error) {}
func (deaf) FlowClosed(transport.Flow, error)             {}

// FuzzGateway gives a phone whatever a gateway could send, in several messages: the phone lives, and ends when it is told to.
func FuzzGateway(f *testing.F) {
	invite := "INVITE sip:anna@x SIP/2.0\r\nVia: SIP/2.0/LOCAL gw;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:anna@x>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:gw@x>\r\nX-A: b\r\n"
	f.Add(invite + "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n")
	f.Add(invite + "\r\n|" + strings.Replace(invite, "INVITE", "CANCEL", 2) + "\r\n")
	f.Add("SIP/2.0 200 OK\r\nVia: SIP/2.0/LOCAL page.invalid;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\nCall-ID: 1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n\r\n")
	f.Add("NOTIFY sip:anna@x SIP/2.0\r\nEvent: refer\r\n\r\n|OPTIONS sip:x SIP/2.0\r\n\r\n|\r\n")
	e, err := transport.New(transport.Config{}, transport.Sockets{})
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() { defer close(served); e.Serve(ctx, deaf{}) }()
	s := New(Config{Gateway: e, Domain: "x"})
	f.Cleanup(func() { s.Close(ctx); cancel(); <-served })
	f.Fuzz(func(t *testing.T, script string) {
		p, err := s.Open(Options{User: "anna"})
		for err != nil { // Serve has not begun
			p, err = s.Open(Options{User: "anna"})
		}
		drained := make(chan bool)
		go func() {
			answered := false
			for ev := range p.Events() {
				if in, ok := ev.(Incoming); ok {
					p.Answer(in.Call, "v=0\r\n")
					answered = true
				}
			}
			drained <- answered
		}()
		p.Dial(Dialling{To: "gw", SDP: "v=0\r\n"})
		for m := range strings.SplitSeq(script, "|") {
			if p.Deliver([]byte(m)) != nil {
				break
			}
		}
		p.post(stop{})
		<-drained
	})
}

// stop ends the phone without waiting for answers that will not come.
type stop struct{}

func (stop) open(p *Phone) { p.fail(ErrClosed) }
