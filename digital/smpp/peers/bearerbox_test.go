package peers

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital/smpp/gsm"
	"tandem/digital/smpp/smsc"
)

const boxConfig = `group = core
admin-port = %[1]d
admin-password = bar
smsbox-port = %[2]d
box-allow-ip = "127.0.0.1"
log-file = "%[6]s/bearerbox.log"
log-level = 1
access-log = "%[6]s/access.log"
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = sim
host = 127.0.0.1
port = %[3]d
transceiver-mode = true
smsc-username = tandem
smsc-password = secret
system-type = ""
reconnect-delay = 1
max-pending-submits = 10
enquire-link-interval = 5

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %[4]d
log-file = "%[6]s/smsbox.log"
log-level = 1

group = sendsms-user
username = u
password = p
default-sender = 12345
max-messages = 10
concatenation = true

group = sms-service
keyword = default
get-url = "http://127.0.0.1:%[5]d/mo?text=%%a"
max-messages = 0
`

// boxes is Kannel as an ESME of our message centre.
type boxes struct {
	centre   *smsc.Server
	registry *prometheus.Registry
	road     *proxy
	send     string // smsbox's address for messages
	log      string // what bearerbox says has become of each message

	mu    sync.Mutex // guards what stands below
	taken map[string]int
	got   map[string]int // texts that smsbox gave to the web server
	parts *gsm.Reassembler
}

func (b *boxes) count(of map[string]int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(of)
}

// take notes a message that bearerbox submitted.
func (b *boxes) take(m smsc.Taken) {
	piece, err := m.Message.Piece()
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, whole := range b.parts.Add(piece, m.At) {
		b.taken[whole.Text]++
	}
}

// hear notes a message that smsbox gives to its service.
func (b *boxes) hear(_ http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got[r.URL.Query().Get("text")]++
}

// bearerbox starts Kannel's boxes and our centre, with a road between that can be cut.
func bearerbox(t *testing.T) *boxes {
	t.Helper()
	bearer, small := program(t, "bearerbox", "/usr/sbin", "kannel"), program(t, "smsbox", "/usr/sbin", "kannel")
	b := &boxes{registry: prometheus.NewRegistry(), taken: map[string]int{}, got: map[string]int{}, parts: gsm.NewReassembler(gsm.Limits{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.centre, err = smsc.New(smsc.Config{Accounts: map[string]string{"tandem": "secret"}, Window: 3}, smsc.Deps{
		Log: slog.New(slog.DiscardHandler), Registry: b.registry, Taken: b.take,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); b.centre.Serve(ctx, listener) }()
	t.Cleanup(func() { cancel(); <-ended })
	b.road = newProxy(t, listener.Addr().(*net.TCPAddr).Port)

	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := &http.Server{Handler: http.HandlerFunc(b.hear)}
	go site.Serve(web)
	t.Cleanup(func() { site.Close() })

	ports, folder := freePorts(t, 3), t.TempDir()
	config := filepath.Join(folder, "kannel.conf")
	text := fmt.Sprintf(boxConfig, ports[0], ports[1], b.road.port(), ports[2], web.Addr().(*net.TCPAddr).Port, folder)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, bearer, "-v", "4", config)
	until(t, "bearerbox listens for smsbox", listening(ports[1]))
	start(t, small, "-v", "4", config)
	until(t, "smsbox listens", listening(ports[2]))
	until(t, "smsbox answers", func() bool {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/cgi-bin/sendsms", ports[2])) // nobody's: refused
		if err != nil {
			return false
		}
		resp.Body.Close()
		return true
	})
	until(t, "bearerbox is bound", func() bool { return b.centre.Bound()["tandem"] == 1 })
	b.log = filepath.Join(folder, "access.log")
	b.send = fmt.Sprintf("http://127.0.0.1:%d/cgi-bin/sendsms?username=u&password=p&to=491701234567&text=", ports[2])
	return b
}

func (b *boxes) submit(t *testing.T, text string) {
	t.Helper()
	resp, err := http.Get(b.send + url.QueryEscape(text))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("smsbox answers %s", resp.Status)
	}
}

func (b *boxes) figure(t *testing.T, name string) float64 {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no figure %s", name)
	return 0
}

// TestBearerbox sends 2,000 messages each way between Kannel and our message centre over a road that is cut again and again. No handset's
// message is lost, and none that we acknowledged. Kannel now and then gives up a message that it was writing when the road was cut, at
// most one a cut: its own log tells of no answer to it. What it sends again because the answer was cut off, our centre has once. A text
// is there twice only at Kannel, which drops no repeats, where a connection was cut between a message and its acknowledgement.
func TestBearerbox(t *testing.T) {
	b := bearerbox(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	b.centre.Misbehave(smsc.Faults{Delay: 5 * time.Millisecond, Dedupe: true}) // something is in the air at each cut
	go b.road.cutting(ctx, 1300*time.Millisecond)                              // Kannel comes back after a second: no divisor of it, or the cuts meet it each time
	fed := 0
	defer func() {
		t.Logf("Kannel has %d, we have %d, %d wait, %d cuts", b.count(b.got), b.count(b.taken), b.centre.Waiting(), b.road.count())
	}()
	until(t, "all is delivered", func() bool {
		for range 10 {
			if fed < each {
				if _, err := b.centre.Deliver(smsc.MO{From: "+491701234567", To: "12345", Text: fmt.Sprint("mo ", fed)}); err != nil {
					t.Fatal(err)
				}
				b.submit(t, fmt.Sprint("mt ", fed))
				fed++
			}
		}
		return b.count(b.taken) >= each-b.road.count() && b.count(b.got) == each && b.centre.Waiting() == 0
	})
	stop()
	until(t, "Kannel has our answers", func() bool { return len(b.acknowledged(t)) >= each-b.road.count() })
	b.verdict(t)
}

// verdict looks for what is lost, and for what is there twice without a cut to explain it.
func (b *boxes) verdict(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	missing, acknowledged := 0, b.acknowledged(t)
	for i := range each {
		if b.got[fmt.Sprint("mo ", i)] == 0 {
			t.Errorf("message %d of a handset is lost", i)
		}
		if b.taken[fmt.Sprint("mt ", i)] == 0 {
			missing++
			if acknowledged[fmt.Sprint("mt ", i)] {
				t.Errorf("message %d of Kannel was acknowledged and is lost", i)
			}
		}
	}
	if missing > b.road.count() {
		t.Errorf("%d messages of Kannel did not come, over %d cuts", missing, b.road.count())
	}
	twice := func(of map[string]int) (n int) {
		for _, times := range of {
			n += times - 1
		}
		return n
	}
	again := int(b.figure(t, "tandem_smsc_redelivered_messages_total"))
	t.Logf("%d cuts; Kannel sent %v again and gave up %d; it has %d twice of %d that went again", b.road.count(), b.figure(t, "tandem_smsc_repeated_messages_total"), missing, twice(b.got), again)
	if twice(b.got) > again {
		t.Errorf("Kannel has %d messages twice, and only %d went again", twice(b.got), again)
	}
	if n := twice(b.taken); n != 0 {
		t.Errorf("we have %d messages twice", n)
	}
	if b.road.count() < 3 {
		t.Errorf("%d cuts: not the ride it should be", b.road.count())
	}
}

// acknowledged are the texts to which Kannel says that it had our answer.
func (b *boxes) acknowledged(t *testing.T) map[string]bool {
	t.Helper()
	log, err := os.ReadFile(b.log)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for line := range strings.Lines(string(log)) {
		_, rest, _ := strings.Cut(line, "[msg:")
		_, rest, _ = strings.Cut(rest, ":")
		if text, _, ok := strings.Cut(rest, "]"); ok && strings.Contains(line, "Sent SMS") {
			texts[text] = true
		}
	}
	return texts
}

// TestBearerboxWhole sends 2,000 messages each way over a whole road: each is there exactly once.
func TestBearerboxWhole(t *testing.T) {
	b := bearerbox(t)
	for i := range each {
		if _, err := b.centre.Deliver(smsc.MO{From: "+491701234567", To: "12345", Text: fmt.Sprint("mo ", i)}); err != nil {
			t.Fatal(err)
		}
		b.submit(t, fmt.Sprint("mt ", i))
	}
	long := strings.Repeat("a long text in parts ", 20) + "end"
	b.submit(t, long)
	until(t, "all is delivered", func() bool {
		return b.count(b.taken) == each+1 && b.count(b.got) == each && b.centre.Waiting() == 0
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken[long] != 1 {
		t.Error("the long text did not come whole")
	}
	for _, of := range []map[string]int{b.taken, b.got} {
		for text, n := range of {
			if n != 1 {
				t.Errorf("%q is there %d times", text, n)
			}
		}
	}
}
