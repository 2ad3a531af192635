package ws

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// conn is a WebSocket as the endpoint uses it.
type conn struct {
	ws    *websocket.Conn
	cfg   *Config
	count *counters

	mu     sync.Mutex
	ping   *time.Timer // nil until the first message
	closed bool
}

// ReadMessage implements transport.MessageConn. Text and binary frames are the same (RFC 7118 §5.2). The first must come soon;
// from then on pings find out who is dead.
func (c *conn) ReadMessage() ([]byte, error) {
	ctx := context.Background()
	if c.ping == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.cfg.FirstTimeout)
		defer cancel()
	}
	_, data, err := c.ws.Read(ctx)
	if err == nil && c.ping == nil {
		c.watch()
	}
	return data, err
}

// watch starts the pings.
func (c *conn) watch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.ping = time.AfterFunc(c.cfg.PingEvery, c.check)
	}
}

// check sends a ping and waits for the pong.
func (c *conn) check() {
	ctx, cancel := context.WithTimeout(context.Background(), c.cfg.PingTimeout)
	defer cancel()
	if err := c.ws.Ping(ctx); err != nil {
		if ctx.Err() != nil { // else it has ended for another reason
			c.count.dead.Inc()
		}
		c.Close()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.ping.Reset(c.cfg.PingEvery)
	}
}

// WriteMessage implements transport.MessageConn. A browser ends a connection that brings it text that is not UTF-8.
func (c *conn) WriteMessage(message []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.cfg.WriteTimeout)
	defer cancel()
	kind := websocket.MessageText
	if !utf8.Valid(message) {
		kind = websocket.MessageBinary
	}
	return c.ws.Write(ctx, kind, message)
}

// Close implements transport.MessageConn.
func (c *conn) Close() error {
	c.mu.Lock()
	c.closed = true
	if c.ping != nil {
		c.ping.Stop()
	}
	c.mu.Unlock()
	return c.ws.CloseNow()
}
