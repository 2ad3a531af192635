package webchat_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tandem/digital"
	"tandem/digital/webchat"
	"tandem/store/journey"
)

// quick is what a hub needs, with a journal that answers after two milliseconds, as one that shares an fsync does.
type quick struct {
	records atomic.Int64
	calls   chan func(error)
	events  atomic.Int64
}

func newQuick(ctx context.Context) *quick {
	q := &quick{calls: make(chan func(error), 1<<16)}
	go func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for n := len(q.calls); n > 0; n-- {
				(<-q.calls)(nil)
			}
		}
	}()
	return q
}

func (q *quick) Append(e []journey.Event, done func(error)) error {
	q.events.Add(int64(len(e)))
	q.calls <- done
	return nil
}

func (q *quick) Identify(_ digital.Arrival, done func(digital.Identity)) error {
	done(digital.Identity{Record: "r_" + strconv.FormatInt(q.records.Add(1), 10)})
	return nil
}

func (q *quick) Load(_ string, done func(digital.History)) error {
	done(digital.History{Err: digital.ErrNotFound})
	return nil
}
func (q *quick) Route(digital.Situation) digital.Route { return digital.Route{} }
func (q *quick) Text([]string, string) string          { return "" }

var errNone = errors.New("none")

func (q *quick) Enqueue(digital.WorkItem) error                { return errNone }
func (q *quick) Leave(string) error                            { return errNone }
func (q *quick) Decline(digital.OfferAgent, string) error      { return errNone }
func (q *quick) MediaUp(string, uint64) error                  { return errNone }
func (q *quick) End(string, string) error                      { return errNone }
func (q *quick) Park(string, uint64) error                     { return errNone }
func (q *quick) Transfer(string, uint64, string, string) error { return errNone }
func (q *quick) CustomerSpoke(string) error                    { return errNone }
func (q *quick) AgentSpoke(string, uint64) error               { return errNone }
func (q *quick) CallWanted(digital.CallWanted) error           { return errNone }
func (q *quick) CallbackWanted(digital.CallbackWanted) error   { return errNone }
func (q *quick) LinkWanted(digital.LinkWanted) error           { return errNone }

// raw is a page without a library: no goroutine and next to no memory.
type raw struct {
	net.Conn
	r *bufio.Reader
}

// dialRaw connects a page.
func dialRaw(addr string) (*raw, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(conn, 512)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return &raw{conn, r}, nil
}

// write sends a text frame with a zero mask.
func (c *raw) write(text string) error {
	head := []byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}
	if len(text) > 125 {
		head = []byte{0x81, 0x80 | 126, byte(len(text) >> 8), byte(len(text)), 0, 0, 0, 0}
	}
	_, err := c.Conn.Write(append(head, text...))
	return err
}

// until reads frames until one of a kind comes.
func (c *raw) until(kind string) (object, error) {
	for {
		head, err := c.r.Peek(2)
		if err != nil {
			return nil, err
		}
		op, n, skip := head[0]&0xf, int(head[1]), 2
		if n == 126 {
			if head, err = c.r.Peek(4); err != nil {
				return nil, err
			}
			n, skip = int(binary.BigEndian.Uint16(head[2:])), 4
		}
		if _, err = c.r.Discard(skip); err != nil {
			return nil, err
		}
		data := make([]byte, n)
		if _, err = io.ReadFull(c.r, data); err != nil {
			return nil, err
		}
		var o object
		if op == 1 && json.Unmarshal(data, &o) == nil && o.t() == kind {
			return o, nil
		}
	}
}

// load is a room under load.
type load struct {
	b     *testing.B
	hub   *digital.Hub
	room  *webchat.Room
	addr  string
	pages []*raw
}

func newLoad(b *testing.B, pages int) *load {
	b.Helper()
	q := newQuick(b.Context())
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	hub, err := digital.New(digital.Defaults(), digital.Parts{
		Records: q, Journal: q, Queues: q, Router: q, Texts: q, Wishes: q, Metrics: digital.NewMetrics(nil), Log: log,
	})
	if err != nil {
		b.Fatal(err)
	}
	cfg := webchat.Defaults()
	cfg.PerAddress, cfg.OpenRate, cfg.OpenBurst, cfg.Silence = 1e6, 1e6, 1e6, time.Hour
	memory := newMemory()
	room, err := webchat.New(cfg, webchat.Parts{Hub: hub, Sessions: session{memory}, Files: memory, Metrics: webchat.NewMetrics(nil), Log: log})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(room)
	l := &load{b: b, hub: hub, room: room, addr: strings.TrimPrefix(server.URL, "http://")}
	b.Cleanup(func() {
		for _, p := range l.pages {
			_ = p.Close()
		}
		_ = room.Close()
		server.Close()
	})
	l.open(pages)
	return l
}

// open connects pages and says hello, a few at a time.
func (l *load) open(n int) {
	l.b.Helper()
	l.pages = make([]*raw, n)
	faults := make(chan error, 16)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 16 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				p, err := dialRaw(l.addr)
				if err == nil {
					l.pages[i] = p
					if err = p.write(`{"t":"hello","v":1,"name":"Eva","page":"https://shop.example/cart"}`); err == nil {
						_, err = p.until("welcome")
					}
				}
				if err != nil {
					faults <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-faults:
		l.b.Fatal(err)
	default:
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for this process
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// pages that stay connected in the benchmarks.
const manyPages = 5000

// BenchmarkIdle measures what a page costs that says nothing: its conversation, its socket and the client's half of the pair too.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		before, routines := inUse(), runtime.NumGoroutine()
		l := newLoad(b, manyPages)
		after := inUse()
		b.ReportMetric(float64(after-before)/manyPages, "bytes/page")
		b.ReportMetric(float64(runtime.NumGoroutine()-routines)/manyPages, "goroutines/page")
		if l.room.Sockets() != manyPages {
			b.Fatal("pages were lost")
		}
		b.StopTimer()
		for _, p := range l.pages {
			_ = p.Close()
		}
		b.StartTimer()
	}
}

// BenchmarkLoad sends 500 messages a second from 5,000 connected pages for ten seconds and measures each until its ack.
func BenchmarkLoad(b *testing.B) {
	const rate, seconds = 500, 10
	l := newLoad(b, manyPages)
	for b.Loop() {
		took := make([]time.Duration, rate*seconds)
		var wg sync.WaitGroup
		tick := time.NewTicker(10 * time.Millisecond)
		used, began := cpu(), time.Now()
		for sent := 0; sent < len(took); {
			<-tick.C
			for range rate / 100 {
				i := sent
				sent++
				wg.Go(func() {
					p, at := l.pages[i%len(l.pages)], time.Now()
					if p.write(`{"t":"msg.send","id":"`+strconv.Itoa(i)+`-`+strconv.FormatInt(at.UnixNano(), 36)+`","text":"Where is my parcel? It should have come on Monday."}`) != nil {
						return
					}
					if _, err := p.until("msg.ack"); err == nil {
						took[i] = time.Since(at)
					}
				})
			}
		}
		wg.Wait()
		tick.Stop()
		slices.Sort(took)
		if took[0] == 0 {
			b.Fatal("a message was not acknowledged")
		}
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
		b.ReportMetric((cpu()-used).Seconds()/time.Since(began).Seconds()*100, "cpu-%")
		b.ReportMetric(float64(len(took))/time.Since(began).Seconds(), "messages/s")
	}
}
