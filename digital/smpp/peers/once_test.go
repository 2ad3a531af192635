package peers

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/digital/smpp"
	"tandem/digital/smpp/pdu"
	"tandem/digital/sms"
	"tandem/store/journey"
)

// perRide is how many messages pass before a bridge falls.
const perRide = 190

// bridge leads to Kannel's message centre and falls again and again, with messages on it: what has reached the other side is answered
// first, so that nobody who counts there can be in doubt. The sender knows nothing of that.
type bridge struct {
	path     string // of drive_smpp
	log      string
	port     func() int // where the next centre listens
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex // guards what stands below
	falls int
}

func newBridge(t *testing.T) *bridge {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, 4*each/perRide)
	b := &bridge{path: driver(t), log: filepath.Join(t.TempDir(), "drive.log"), listener: l}
	b.port = func() int { ports = ports[1:]; return ports[0] }
	b.wg.Go(b.serve)
	t.Cleanup(func() { l.Close(); b.wg.Wait() })
	return b
}

// serve leads one connection after the other to a centre of its own: Kannel's takes one.
func (b *bridge) serve() {
	for {
		near, err := b.listener.Accept()
		if err != nil {
			return
		}
		port := b.port()
		centre := exec.Command(b.path, driven(port, 0, b.log)...)
		if centre.Start() == nil {
			b.lead(near, port)
			kill(centre)
		}
		near.Close()
	}
}

// lead goes to a centre that is about to listen; one that never does is a test that waits in vain.
func (b *bridge) lead(near net.Conn, port int) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if far, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port)); err == nil {
			b.ride(near, far)
			far.Close()
			return
		}
	}
}

// ride passes messages on until the bridge falls. The message that it falls with, and all behind it, never reach the other side.
func (b *bridge) ride(near, far net.Conn) {
	answered := make(chan struct{}, perRide)
	var back sync.WaitGroup
	back.Go(func() {
		for {
			frame, command, err := frameOf(far)
			if err != nil {
				near.Close()
				return
			}
			near.Write(frame)
			if command == pdu.SubmitSMResp {
				answered <- struct{}{}
			}
		}
	})
	defer back.Wait()
	defer far.Close()
	for passed := 0; ; {
		frame, command, err := frameOf(near)
		if err != nil {
			return
		}
		if command == pdu.SubmitSM {
			if passed++; passed > perRide {
				break
			}
		}
		far.Write(frame)
	}
	for range perRide {
		<-answered
	}
	b.mu.Lock()
	b.falls++
	b.mu.Unlock()
}

// frameOf reads one PDU as it is.
func frameOf(from net.Conn) ([]byte, pdu.Command, error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, 0, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(head))
	copy(frame, head)
	_, err := io.ReadFull(from, frame[8:])
	return frame, pdu.Command(binary.BigEndian.Uint32(head[4:])), err
}

// TestDriveHasAllOnce writes to 2,000 customers through Kannel's message centre, over a bridge that falls with messages on it: each is
// there exactly once.
func TestDriveHasAllOnce(t *testing.T) {
	sink(t)
	b := newBridge(t)
	carrier, err := sms.NewSMPP(sms.SMPPConfig{Again: true, Send: smpp.Config{
		Name: "kannel", Address: b.listener.Addr().String(), SystemID: "foo", Password: "bar", Mode: smpp.Transmitter,
		Queue: 2 * each, BackOff: 20 * time.Millisecond, BackOffMost: 100 * time.Millisecond, DialWait: 5 * time.Second,
	}}, sms.SMPPDeps{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	adapter, err := sms.New(sms.Config{Senders: []string{"+4930100100"}, Waiting: each}, sms.Deps{
		Log: slog.New(slog.DiscardHandler), Carrier: carrier, OptOuts: &sms.MemoryOptOuts{},
	})
	if err != nil {
		t.Fatal(err)
	}
	house, config := digitaltest.NewHouse(), digital.Defaults()
	config.SendPause = 20 * time.Millisecond
	hub, err := digital.New(config, house.Parts(adapter))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); adapter.Run(ctx, hub) }()
	defer func() { cancel(); <-ended }()

	for i := range each {
		to := journey.Identity{Type: journey.Tel, Value: fmt.Sprintf("+49170%07d", i), Strength: journey.Claimed}
		out := digital.Outreach{Channel: journey.SMS, To: to, From: "+4930100100", Record: fmt.Sprint("r_", i), ID: "a", Text: fmt.Sprintf("mt %d.", i)}
		if err := hub.Start(out, func(r digital.Receipt) {
			if r.Err != nil {
				t.Error(r.Err)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	sent := func() (n int) {
		for _, e := range house.Events() {
			if e.Kind == journey.MessageDelivered && e.Data[journey.DataState] == "sent" {
				n++
			}
		}
		return n
	}
	until(t, "all is sent", func() bool { return sent() >= each })

	got := matches(t, b.log, regexp.MustCompile(`submit_sm: short_message = <mt (\d+)\.>`))
	for i := range each {
		if n := got[fmt.Sprint(i)]; n != 1 {
			t.Errorf("message %d came %d times", i, n)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t.Logf("%d falls, %d messages at the centre", b.falls, len(got))
	if want := each/perRide - 1; b.falls < want {
		t.Errorf("%d falls, want at least %d", b.falls, want)
	}
}
