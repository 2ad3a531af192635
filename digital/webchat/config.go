package webchat

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Config sets limits and manners of the room.
type Config struct {
	Origins []string // foreign pages that may connect, as patterns of path.Match: "https://*.example.org", or a host alone; our own always may
	Address func(*http.Request) netip.Addr

	Sockets      int           // open at once [20000]
	PerAddress   int           // sockets of one address [64]
	HelloWithin  time.Duration // [10s]
	Silence      time.Duration // after which a socket is asked whether it lives; closed after twice that [30s]
	WriteWithin  time.Duration // a page that does not take a frame for so long is closed [10s]
	FrameBytes   int64         // of one frame [65536]
	FrameRate    float64       // frames a second of one socket [20], Burst three times that; above: closed
	MessageRate  float64       // messages a second of one conversation [1]
	MessageBurst int           // [10]
	OpenRate     float64       // new conversations a second of one address [0.2]
	OpenBurst    int           // [10]
	Tracked      int           // addresses whose rates are remembered; the oldest are forgotten [10000]
	SessionLife  time.Duration // of a token after its last hello [720h]

	FileBytes int64    // of one attachment [10 MiB]
	Files     int      // of one conversation and socket address; above: refused [20]
	FileTypes []string // allowed, as found by looking
}

// Defaults returns the configuration of a small site.
func Defaults() Config {
	return Config{
		Address: remoteAddress, Sockets: 20000, PerAddress: 64, HelloWithin: 10 * time.Second, Silence: 30 * time.Second, WriteWithin: 10 * time.Second,
		FrameBytes: 64 << 10, FrameRate: 20, MessageRate: 1, MessageBurst: 10, OpenRate: 0.2, OpenBurst: 10, Tracked: 10000,
		SessionLife: 30 * 24 * time.Hour, FileBytes: 10 << 20, Files: 20,
		FileTypes: []string{
			"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "audio/wave", "audio/mpeg", "audio/webm", "video/mp4",
			"video/webm", "application/ogg",
		},
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var faults []error
	want := func(ok bool, name string, value any) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: %v is out of range", name, value))
		}
	}
	want(c.Address != nil, "address", "nil")
	want(c.Sockets > 0 && c.Sockets <= 1_000_000, "sockets", c.Sockets)
	want(c.PerAddress > 0, "per_address", c.PerAddress)
	want(c.HelloWithin > 0, "hello_within", c.HelloWithin)
	want(c.Silence >= time.Second, "silence", c.Silence)
	want(c.WriteWithin > 0, "write_within", c.WriteWithin)
	want(c.FrameBytes >= 1024 && c.FrameBytes <= 1<<20, "frame_bytes", c.FrameBytes)
	want(c.FrameRate > 0 && c.MessageRate > 0 && c.OpenRate > 0, "rates", "zero")
	want(c.MessageBurst > 0 && c.OpenBurst > 0, "bursts", "zero")
	want(c.Tracked > 0, "tracked", c.Tracked)
	want(c.SessionLife > 0, "session_life", c.SessionLife)
	want(c.FileBytes >= 0 && c.FileBytes <= 1<<30, "file_bytes", c.FileBytes)
	want(c.Files >= 0, "files", c.Files)
	for _, o := range c.Origins {
		want(o != "" && o != "*" && !strings.ContainsAny(o, " \n"), "origins", fmt.Sprintf("%q", o))
	}
	return errors.Join(faults...)
}

// remoteAddress is the address of the connection.
func remoteAddress(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}
