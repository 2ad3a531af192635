package transaction

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/transport"
)

// void is an endpoint that sends nowhere.
type void struct{ sent int }

func (v *void) Serve(ctx context.Context, _ transport.Receiver) error { <-ctx.Done(); return nil }
func (v *void) Write(transport.Flow, []byte) error                    { v.sent++; return nil }
func (v *void) Open(transport.Flow, string) error                     { return nil }
func (v *void) SentBy(string) (string, int)                           { return "192.0.2.1", 5060 }
func (v *void) Local(string) (netip.AddrPort, bool)                   { return netip.AddrPort{}, false }
func (v *void) Flow(t string, r netip.AddrPort) transport.Flow {
	return transport.Flow{Transport: t, Remote: r}
}

// prompt answers everything with 200 at once.
type prompt struct{ n int }

func (p *prompt) ServeRequest(tx *ServerTx) {
	if p.n++; tx.rec != nil {
		tx.Respond(tx.Response(200, ""))
	}
}
func (p *prompt) ServeCancel(*ServerTx, *sip.Request, bool)     {}
func (p *prompt) ServeTxError(*ServerTx, error)                 {}
func (p *prompt) ServeStray(*sip.Response, transport.Flow) bool { return true }

var benchFlow = transport.Flow{Transport: transport.UDP, Remote: netip.MustParseAddrPort("198.51.100.7:5060")}

func request(method string, i int) []byte {
	sdp := ""
	if method == "INVITE" {
		sdp = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\n" + strings.Repeat("a=rtpmap:101 telephone-event/8000\r\n", 4)
	}
	return fmt.Appendf(nil, "%s sip:100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%s%d;rport\r\nMax-Forwards: 70\r\nFrom: \"Alice\" <sip:alice@example.com>;tag=%d\r\nTo: <sip:100@example.com>\r\nCall-ID: %d@198.51.100.7\r\nCSeq: 1 %s\r\nContact: <sip:alice@198.51.100.7>\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\nSupported: timer, 100rel\r\nUser-Agent: bench\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", method, method[:1], i, i, i, method, len(sdp), sdp)
}

// BenchmarkIngress: parse, match, validate, tag, and answer one new INVITE with SDP.
func BenchmarkIngress(b *testing.B) {
	l := New(Config{Endpoint: &void{}, Handler: &prompt{}, MaxTransactions: 1 << 30})
	defer l.Close()
	parser := sip.NewParser(65535)
	data := request("INVITE", 10000000)
	i := 10000000
	b.ReportAllocs()
	for b.Loop() {
		was := strconv.Itoa(i)
		i++
		renumber(data, was, strconv.Itoa(i))
		m, err := parser.ParseSIP(data)
		if err != nil {
			b.Fatal(err)
		}
		l.Receive(m, benchFlow)
	}
}

// renumber makes another call of a request, in place.
func renumber(data []byte, was, now string) {
	for rest := data; ; {
		at := bytes.Index(rest, []byte(was))
		if at < 0 {
			return
		}
		copy(rest[at:], now)
		rest = rest[at+len(now):]
	}
}

// BenchmarkRetransmission: a known INVITE again, without parsing.
func BenchmarkRetransmission(b *testing.B) {
	l := New(Config{Endpoint: &void{}, Handler: &prompt{}})
	defer l.Close()
	m, err := sip.NewParser(65535).ParseSIP(request("INVITE", 1))
	if err != nil {
		b.Fatal(err)
	}
	l.Receive(m, benchFlow)
	b.ReportAllocs()
	for b.Loop() {
		l.Receive(m, benchFlow)
	}
}

// BenchmarkRequestResponse: one OPTIONS of ours and its 200, built beforehand but for Via.
func BenchmarkRequestResponse(b *testing.B) {
	l := New(Config{Endpoint: &void{}, Handler: &prompt{}})
	defer l.Close()
	m, err := sip.NewParser(65535).ParseSIP(request("OPTIONS", 1))
	if err != nil {
		b.Fatal(err)
	}
	proto := m.(*sip.Request)
	proto.RemoveHeader("Via")
	done := 0
	sink := func(ev ClientEvent) { done++ }
	b.ReportAllocs()
	for b.Loop() {
		req := proto.Clone()
		tx, err := l.Send(req, Destination{Transport: transport.UDP, Addr: benchFlow.Remote}, sink)
		if err != nil {
			b.Fatal(err)
		}
		l.Receive(sip.NewResponse(tx.Request(), 200, "", "t"), benchFlow)
	}
	if done == 0 {
		b.Fatal("no response came")
	}
}

// BenchmarkRetainedHeap measures the bytes that one answered INVITE and one answered BYE hold until their timers end, here
// and with the transaction machines of sipgo driven in the same way.
func BenchmarkRetainedHeap(b *testing.B) {
	b.Run("tandem", func(b *testing.B) {
		for b.Loop() {
			l := New(Config{Endpoint: &void{}, Handler: &prompt{}})
			parser := sip.NewParser(65535)
			b.ReportMetric(perCall(func(i int) {
				for _, method := range []string{"INVITE", "BYE"} {
					m, err := parser.ParseSIP(request(method, i))
					if err != nil {
						b.Fatal(err)
					}
					l.Receive(m, benchFlow)
				}
			}), "B/call")
			l.Close()
		}
	})
	b.Run("sipgo", func(b *testing.B) {
		for b.Loop() {
			parser := base.NewParser()
			var keep []*base.ServerTx
			b.ReportMetric(perCall(func(i int) {
				for _, method := range []string{"INVITE", "BYE"} {
					m, err := parser.ParseSIP(request(method, i))
					if err != nil {
						b.Fatal(err)
					}
					req := m.(*sip.Request)
					req.SetTransport("UDP")
					tx := base.NewServerTx(fmt.Sprint(method, i), req, deaf{}, slog.New(slog.DiscardHandler))
					tx.Init()
					tx.Respond(base.NewResponseFromRequest(req, 200, "OK", nil))
					keep = append(keep, tx)
				}
			}), "B/call")
			for _, tx := range keep {
				tx.Terminate()
			}
		}
	})
}

func perCall(call func(i int)) float64 {
	const calls = 5000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range calls {
		call(i)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	return float64(after.HeapAlloc-before.HeapAlloc) / calls
}

type deaf struct{}

func (deaf) LocalAddr() net.Addr         { return &net.UDPAddr{} }
func (deaf) WriteMsg(base.Message) error { return nil }
func (deaf) Ref(int) int                 { return 1 }
func (deaf) TryClose() (int, error)      { return 1, nil }
func (deaf) Close() error                { return nil }
