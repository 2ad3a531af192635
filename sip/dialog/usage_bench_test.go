package dialog

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/sip"
)

const benchSDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

// benchCall plays a UAC call up to its confirmation with messages parsed from text, as a network would bring them.
func benchCall(now time.Time) *Usage {
	p := sip.NewParser(1 << 16)
	u := NewUAC(testConfig())
	req := u.Invite(now, SDP([]byte(benchSDP)))[0].Request
	for _, status := range []int{100, 180, 200} {
		u.OnResponse(now, 1, benchResponse(p, req, status))
	}
	return u
}

func benchResponse(p interface {
	ParseSIP([]byte) (sip.Message, error)
}, req *sip.Request, status int) *sip.Response {
	body := ""
	if status == 200 && req.Method == sip.INVITE {
		body = benchSDP
	}
	var b strings.Builder
	b.WriteString("SIP/2.0 " + strconv.Itoa(status) + " X\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\nFrom: " + req.From().Value() + "\r\nTo: <sip:bob@peer.example>;tag=peer\r\nCall-ID: call-1\r\nCSeq: " + req.CSeq().Value())
	b.WriteString("\r\nContact: <sip:bob@198.51.100.7:5060>\r\nRecord-Route: <sip:proxy.example;lr>\r\nAllow: INVITE, ACK, BYE, UPDATE\r\nContent-Type: application/sdp\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	msg, err := p.ParseSIP([]byte(b.String()))
	if err != nil {
		panic(err)
	}
	return msg.(*sip.Response)
}

// BenchmarkCallUAC is a whole call: INVITE, 100, 180, 200, ACK, BYE, 200, the parsing of the responses included.
func BenchmarkCallUAC(b *testing.B) {
	now := time.Unix(0, 0)
	p := sip.NewParser(1 << 16)
	b.ReportAllocs()
	for b.Loop() {
		u := benchCall(now)
		bye := u.Hangup(now)[0]
		u.OnResponse(now, bye.Tx, benchResponse(p, bye.Request, 200))
	}
}

// BenchmarkCallUAS is a whole incoming call without the parsing: INVITE, 180, 200, ACK, BYE.
func BenchmarkCallUAS(b *testing.B) {
	now := time.Unix(0, 0)
	p := newPlayer(b)
	cfg := testConfig()
	invite := p.request("INVITE", parseWords("new sdp=o"))
	p.script("new uas sdp=o")
	ack, bye := p.request("ACK", parseWords("ack")), p.request("BYE", parseWords("bye"))
	ack.CSeq().SeqNo, bye.CSeq().SeqNo = invite.CSeq().SeqNo, invite.CSeq().SeqNo+1
	b.ReportAllocs()
	for b.Loop() {
		u, err := NewUAS(cfg, invite, 1)
		if err != nil {
			b.Fatal(err)
		}
		u.Progress(now, 180, Body{})
		u.Accept(now, SDP([]byte(benchSDP)))
		u.OnRequest(now, 0, ack)
		out := u.OnRequest(now, 2, bye)
		if out[len(out)-1].Kind != Release {
			b.Fatal("not released")
		}
	}
}

// BenchmarkIdleBytes is the heap that a confirmed UAC usage holds 64·T1 after its 2xx.
func BenchmarkIdleBytes(b *testing.B) {
	now := time.Unix(0, 0)
	for b.Loop() {
		usages := make([]*Usage, 2000)
		before := heap()
		for i := range usages {
			usages[i] = benchCall(now)
		}
		fresh := heap() - before
		for _, u := range usages {
			u.OnTimer(now.Add(giveUp))
		}
		idle := heap() - before
		b.ReportMetric(float64(fresh)/float64(len(usages)), "fresh-B/usage")
		b.ReportMetric(float64(idle)/float64(len(usages)), "idle-B/usage")
		runtime.KeepAlive(usages)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestIdleMemory holds the ceiling of a confirmed idle usage: 3 KB beside the SDP in force.
func TestIdleMemory(t *testing.T) {
	now := time.Unix(0, 0)
	usages := make([]*Usage, 500)
	before := heap()
	for i := range usages {
		usages[i] = benchCall(now)
	}
	for _, u := range usages {
		u.OnTimer(now.Add(giveUp))
	}
	if got := int(heap()-before) / len(usages); got > 3<<10+len(benchSDP) {
		t.Errorf("got %d bytes, want at most %d", got, 3<<10+len(benchSDP))
	}
	runtime.KeepAlive(usages)
}
