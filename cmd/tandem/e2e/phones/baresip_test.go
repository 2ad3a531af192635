package phones

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

	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
)

// baresip is a softphone with its own folder: it says a tone, and writes down what it hears.
type baresip struct {
	*rig.Process
	t    *testing.T
	name string
	host netip.Addr
	ctrl net.Conn
	keys net.Conn

	mu   sync.Mutex
	seen []string // guarded by mu: types of events not yet awaited
}

// setup is what a phone is told about itself.
type setup struct {
	name    string
	host    netip.Addr
	sip     uint16 // 0: a free port
	account string // a line of accounts; %s is the phone's address
	hz      float64
}

const config = `sip_listen %[1]s:%[2]d
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
module_app account.so
module_app menu.so
module ctrl_tcp.so
module cons.so
ctrl_tcp_listen %[1]s:%[4]d
snd_path %[3]s
cons_listen %[1]s:%[5]d
`

// startPhone starts a softphone and waits until it can be told what to do.
func startPhone(t *testing.T, s setup) *baresip {
	t.Helper()
	dir := rig.Folder(t)
	if s.sip == 0 {
		s.sip = rig.Port(t, s.host)
	}
	ctrl, cons := rig.Port(t, s.host), rig.Port(t, s.host)
	files := map[string][]byte{
		"config":   fmt.Appendf(nil, config, s.host, s.sip, dir, ctrl, cons),
		"accounts": []byte(s.account + "\n"),
		"contacts": nil,
		"say.wav":  wav(mediatest.Tone(s.hz, 0, level, 120*time.Second)),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &baresip{t: t, name: s.name, host: s.host, Process: rig.Run(t, rig.Program{Name: "baresip", Args: []string{"-f", dir}, Dir: dir})}
	rig.Await(t, s.name+" can be told what to do", 10*time.Second, func() bool {
		var err error
		p.ctrl, err = net.Dial("tcp4", netip.AddrPortFrom(s.host, ctrl).String())
		return err == nil
	})
	var err error
	if p.keys, err = net.Dial("udp4", netip.AddrPortFrom(s.host, cons).String()); err != nil {
		t.Fatal(err)
	}
	go p.listen()
	t.Cleanup(func() {
		_, _ = p.ctrl.Close(), p.keys.Close()
		if t.Failed() {
			t.Logf("%s says:\n%s", p.name, tail(p.Log()))
		}
	})
	return p
}

// tail leaves out the progress that a softphone writes.
func tail(text string) string {
	var keep []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "audio=") {
			keep = append(keep, line)
		}
	}
	return strings.Join(keep[max(0, len(keep)-60):], "")
}

// listen keeps the events that the phone tells, netstrings of JSON.
func (p *baresip) listen() {
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

// do gives the phone a command.
func (p *baresip) do(command, params string) {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"command": command, "params": params, "token": "t"})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.ctrl, "%d:%s,", len(body), body); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// press presses a key and lets it go.
func (p *baresip) press(key byte) {
	p.t.Helper()
	if _, err := p.keys.Write([]byte{key, 0x04}); err != nil {
		p.t.Fatal(err)
	}
}

// saw waits for an event, and forgets it with all before it.
func (p *baresip) saw(event string, limit time.Duration) {
	p.t.Helper()
	rig.Await(p.t, p.name+" tells "+event, limit, func() bool {
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

// heard is everything that the phone has written of what it heard, newest call last.
func (p *baresip) heard() []string {
	files, err := filepath.Glob(filepath.Join(p.Dir, "dump-*-dec.wav"))
	if err != nil {
		p.t.Fatal(err)
	}
	return files
}

// loudest is the level of a tone in the span of n samples of any file that holds most of it.
func loudest(t *testing.T, files []string, hz float64, n int) float64 {
	t.Helper()
	most := -99.0
	for _, f := range files {
		w, err := mediatest.ReadWAV(f)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		most = max(most, loudestIn(w.Channels[0], hz, n))
	}
	return most
}

func loudestIn(samples []int16, hz float64, n int) float64 {
	most := -99.0
	for from := 0; from+n <= len(samples); from += n {
		most = max(most, mediatest.Find(samples[from:from+n], hz))
	}
	return most
}

// wav is a mono file of 16-bit samples at 8000 Hz.
func wav(samples []int16) []byte {
	le := func(v uint32, n int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}[:n] }
	size := uint32(2 * len(samples))
	b := append([]byte("RIFF"), le(36+size, 4)...)
	b = append(append(b, "WAVEfmt "...), le(16, 4)...)
	for _, f := range []struct {
		v uint32
		n int
	}{{1, 2}, {1, 2}, {8000, 4}, {16000, 4}, {2, 2}, {16, 2}} {
		b = append(b, le(f.v, f.n)...)
	}
	b = append(append(b, "data"...), le(size, 4)...)
	for _, s := range samples {
		b = append(b, byte(s), byte(uint16(s)>>8))
	}
	return b
}
