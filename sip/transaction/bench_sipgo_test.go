package transaction

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/transport"
)

// The same load over sipgo's transaction layer and over ours, side by side in one run: a client sends INVITE, takes 200, sends ACK and
// BYE, takes 200; a server answers. The client is raw text on a socket of the loopback and costs both sides the same; the server
// is the layer under test on its own transport, with the parser of the house on both.

// side is one layer under test.
type side struct {
	name  string
	serve func(b *testing.B) (addr string, retained func() int)
}

// BenchmarkServer compares CPU time, allocations, retained heap and goroutines of a finished call.
func BenchmarkServer(b *testing.B) {
	for _, s := range []side{{"tandem", serveOurs}, {"sipgo", serveSipgo}} {
		b.Run(s.name, func(b *testing.B) {
			addr, retained := s.serve(b)
			c := newRawCaller(b, addr)
			c.call(0)
			goroutines, heap := runtime.NumGoroutine(), heapNow()
			b.ReportAllocs()
			b.ResetTimer()
			before := cpuNow()
			for i := range b.N {
				c.call(i + 1)
			}
			b.StopTimer()
			n := float64(b.N)
			b.ReportMetric(float64(cpuNow()-before)/n, "cpu-ns/call")
			b.ReportMetric(float64(heapNow()-heap)/n, "retained-B/call")
			b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines-left")
			if retained() == 0 {
				b.Fatal("nothing was retained: the finished transactions must absorb retransmissions for 64·T1")
			}
		})
	}
}

func cpuNow() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heapNow() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// serveOurs runs a layer and its endpoint.
func serveOurs(b *testing.B) (string, func() int) {
	ep, err := transport.Listen(transport.Config{Name: "bench", UDP: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	l := New(Config{Endpoint: ep, Handler: &prompt{}, MaxTransactions: 1 << 30})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { l.Serve(ctx); close(done) }()
	b.Cleanup(func() { cancel(); <-done })
	local, _ := ep.Local(transport.UDP)
	return local.String(), func() int { return l.Counts().Server }
}

// serveSipgo runs sipgo's transport and transaction layers as their documents say: a handler for each request, which answers and, for the
// ACK of a 2xx, ends the pseudo transaction.
func serveSipgo(b *testing.B) (string, func() int) {
	quiet := slog.New(slog.DiscardHandler)
	tp := base.NewTransportLayer(net.DefaultResolver, sip.NewParser(65535), nil, base.WithTransportLayerLogger(quiet))
	txl := base.NewTransactionLayer(tp, base.WithTransactionLayerLogger(quiet))
	var mu sync.Mutex
	var keep []*base.ServerTx
	txl.OnRequest(func(req *base.Request, tx *base.ServerTx) {
		if req.IsAck() {
			tx.Terminate()
			return
		}
		mu.Lock()
		keep = append(keep, tx)
		mu.Unlock()
		if err := tx.Respond(base.NewResponseFromRequest(req, 200, "OK", nil)); err != nil {
			b.Error(err)
		}
	})
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() { tp.ServeUDP(pc); close(done) }()
	b.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, tx := range keep {
			tx.Terminate()
		}
		txl.Close()
		tp.Close()
		pc.Close()
		<-done
	})
	return pc.LocalAddr().String(), func() int { mu.Lock(); defer mu.Unlock(); return len(keep) }
}

// rawCaller writes prepared text and reads until the answer has come.
type rawCaller struct {
	b    *testing.B
	conn net.Conn
	buf  []byte
	text map[string][]byte
	id   string // in the texts
}

func newRawCaller(b *testing.B, addr string) *rawCaller {
	conn, err := net.Dial("udp4", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	c := &rawCaller{b: b, conn: conn, buf: make([]byte, 65536), text: map[string][]byte{}, id: "10000000"}
	for _, method := range []string{"INVITE", "ACK", "BYE"} {
		c.text[method] = bytes.Replace(request(method, 10000000), []byte("UDP 198.51.100.7:5060"), []byte("UDP "+conn.LocalAddr().String()), 1)
	}
	return c
}

func (c *rawCaller) call(i int) {
	id := strconv.Itoa(10000000 + i)
	for _, text := range c.text {
		renumber(text, c.id, id)
	}
	c.id = id
	c.ask("INVITE")
	c.conn.Write(c.text["ACK"])
	c.ask("BYE")
}

func (c *rawCaller) ask(method string) {
	c.conn.Write(c.text[method])
	c.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	for {
		n, err := c.conn.Read(c.buf)
		if err != nil {
			c.b.Fatalf("%s %s: %v", method, c.id, err)
		}
		if bytes.HasPrefix(c.buf[:n], []byte("SIP/2.0 200")) {
			return
		}
	}
}
