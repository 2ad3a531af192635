package violence

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/coder/websocket"
)

// frameTime bounds one frame, dial or request of a page.
const frameTime = 15 * time.Second

// page is what a browser would be: connections from an address of its own, and sockets over them.
type page struct {
	site   string // host:port of the gateway's HTTP door
	client *http.Client
	header http.Header // of every request
}

func newPage(site, from netip.AddrPort) *page {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(from), Timeout: frameTime}
	return &page{site: site.String(), header: http.Header{}, client: &http.Client{
		Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true},
	}}
}

// socket is an open WebSocket whose frames are read for its owner; in is closed with it.
type socket struct {
	conn *websocket.Conn
	in   chan []byte
}

// open connects, and reads until the connection ends. The owner closes.
func (p *page) open(ctx context.Context, path string) (*socket, int, error) {
	dial, cancel := context.WithTimeout(ctx, frameTime)
	defer cancel()
	conn, res, err := websocket.Dial(dial, "ws://"+p.site+path, &websocket.DialOptions{HTTPClient: p.client, HTTPHeader: p.header})
	if err != nil {
		status := 0
		if res != nil {
			status = res.StatusCode
		}
		return nil, status, err
	}
	conn.SetReadLimit(1 << 20)
	s := &socket{conn: conn, in: make(chan []byte, 64)}
	go s.read(ctx)
	return s, 0, nil
}

func (s *socket) read(ctx context.Context) {
	defer close(s.in)
	for {
		_, b, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		select {
		case s.in <- b:
		case <-ctx.Done():
			return
		}
	}
}

// say sends a frame; false: the connection is gone.
func (s *socket) say(ctx context.Context, frame any) bool {
	b, err := json.Marshal(frame)
	if err != nil {
		return false
	}
	wait, cancel := context.WithTimeout(ctx, frameTime)
	defer cancel()
	return s.conn.Write(wait, websocket.MessageText, b) == nil
}

// close ends the connection as a closed lid would, and its reader.
func (s *socket) close() {
	_ = s.conn.CloseNow()
	for range s.in {
		continue
	}
}

// pause waits; false: ctx ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-over.C:
		return true
	}
}
