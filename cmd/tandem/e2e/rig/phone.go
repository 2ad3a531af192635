package rig

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/media/mediatest"
)

// Phone is a baresip with its own folder: it says a tone, and writes down what it hears.
type Phone struct {
	*Process
	t    testing.TB
	name string
	ctrl net.Conn
	keys net.Conn

	mu   sync.Mutex
	seen []string // guarded by mu: types of events not yet awaited
}

// PhoneLevel is how loud the tone of a Phone is, in dBm0.
const PhoneLevel = -12.0

// PhoneSetup is what a phone is told about itself.
type PhoneSetup struct {
	Name    string // in what a test says of it
	Host    netip.Addr
	SIP     uint16  // port; 0: a free one
	Account string  // a line of accounts
	Hz      float64 // of its tone
}

const phoneConfig = `sip_listen %[1]s:%[2]d
net_interface %[1]s
call_max_calls 4
audio_player aufile,%[3]s/player.wav
audio_source aufile,%[3]s/say.wav
audio_alert aufile,/dev/null
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports 30000-30100
audio_jitter_buffer_type off
jitter_buffer_type off
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module srtp.so
module_app account.so
module_app menu.so
module ctrl_tcp.so
module cons.so
ctrl_tcp_listen %[1]s:%[4]d
snd_path %[3]s
cons_listen %[1]s:%[5]d
`

// StartPhone starts a softphone and waits until it can be told what to do.
func StartPhone(t testing.TB, s PhoneSetup) *Phone {
	t.Helper()
	dir := Folder(t)
	if s.SIP == 0 {
		s.SIP = Port(t, s.Host)
	}
	ctrl, cons := Port(t, s.Host), Port(t, s.Host)
	files := map[string][]byte{
		"config":   fmt.Appendf(nil, phoneConfig, s.Host, s.SIP, dir, ctrl, cons),
		"accounts": []byte(s.Account + "\n"),
		"contacts": nil,
		"say.wav":  wav(mediatest.Tone(s.Hz, 0, PhoneLevel, 120*time.Second)),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &Phone{t: t, name: s.Name, Process: Run(t, Program{Name: "baresip", Args: []string{"-f", dir}, Dir: dir})}
	Await(t, s.Name+" can be told what to do", 10*time.Second, func() bool {
		var err error
		p.ctrl, err = net.Dial("tcp4", netip.AddrPortFrom(s.Host, ctrl).String())
		return err == nil
	})
	var err error
	if p.keys, err = net.Dial("udp4", netip.AddrPortFrom(s.Host, cons).String()); err != nil {
		t.Fatal(err)
	}
	go p.listen()
	t.Cleanup(func() {
		_, _ = p.ctrl.Close(), p.keys.Close()
		if t.Failed() {
			t.Logf("%s says:\n%s", p.name, quiet(p.Log()))
		}
	})
	return p
}

// quiet leaves out the progress that a softphone writes.
func quiet(text string) string {
	var keep []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "audio=") {
			keep = append(keep, line)
		}
	}
	return strings.Join(keep[max(0, len(keep)-60):], "")
}

// listen keeps the events that the phone tells, netstrings of JSON.
func (p *Phone) listen() {
	in := bufio.NewReader(p.ctrl)
	for {
		size, err := in.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
		if err != nil {
			return
		}
		body := make([]byte, n+1)
		for got := 0; got < len(body); {
			k, err := in.Read(body[got:])
			if err != nil {
				return
			}
			got += k
		}
		var ev struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(body[:n], &ev) == nil && ev.Type != "" {
			p.mu.Lock()
			p.seen = append(p.seen, ev.Type)
			p.mu.Unlock()
		}
	}
}

// Do gives the phone a command.
func (p *Phone) Do(command, params string) {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"command": command, "params": params, "token": "t"})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.ctrl, "%d:%s,", len(body), body); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// Press presses a key and lets it go.
func (p *Phone) Press(key byte) {
	p.t.Helper()
	if _, err := p.keys.Write([]byte{key, 0x04}); err != nil {
		p.t.Fatal(err)
	}
}

// Saw waits for an event, and forgets it with all before it.
func (p *Phone) Saw(event string, limit time.Duration) {
	p.t.Helper()
	Await(p.t, p.name+" tells "+event, limit, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, e := range p.seen {
			if e == event {
				p.seen = p.seen[i+1:]
				return true
			}
		}
		return false
	})
}
