package feed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// journal is a feed in memory that forgets its oldest events on command.
type journal struct {
	mu      sync.Mutex
	events  []Event
	first   int // events before it are forgotten
	changed chan struct{}
	err     error
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

func (j *journal) add(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.Cursor = fmt.Sprintf("%06d", len(j.events)+1)
	j.events = append(j.events, e)
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *journal) After(cursor string, limit int) ([]Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := j.first
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%d", &from); err != nil || from > len(j.events) {
			return nil, ErrCursor
		}
	}
	if from < j.first {
		return nil, ErrGone
	}
	return slices.Clone(j.events[from:min(len(j.events), from+limit)]), j.err
}

func (j *journal) Last() (string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.events) == 0 {
		return "", nil
	}
	return j.events[len(j.events)-1].Cursor, nil
}

func (j *journal) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

// reader is a connection whose other side can stop reading or hang up.
type reader struct {
	header http.Header
	mu     sync.Mutex
	buf    bytes.Buffer
	most   int           // bytes until it hangs up; 0: never
	stuck  chan struct{} // if not nil, writes wait for it, or for the deadline
	until  time.Time
}

func newReader() *reader { return &reader{header: http.Header{}} }

func (r *reader) Header() http.Header { return r.header }
func (r *reader) WriteHeader(int)     {}
func (r *reader) FlushError() error   { return nil }
func (r *reader) SetWriteDeadline(t time.Time) error {
	r.until = t
	return nil
}

func (r *reader) Write(b []byte) (int, error) {
	if r.stuck != nil {
		select {
		case <-r.stuck:
		case <-time.After(time.Until(r.until)):
			return 0, errors.New("deadline")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.most > 0 && r.buf.Len()+len(b) > r.most {
		n, _ := r.buf.Write(b[:r.most-r.buf.Len()]) // hangs up in the midst of an event
		return n, io.ErrClosedPipe
	}
	return r.buf.Write(b)
}

func (r *reader) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// seen reads a stream as a browser does: events that are whole, and the last id.
func seen(text, last string) (got []Envelope, id string) {
	id = last
	scan := bufio.NewScanner(strings.NewReader(text[:strings.LastIndex("\n\n"+text, "\n\n")]))
	var data string
	for scan.Scan() {
		switch line := scan.Text(); {
		case strings.HasPrefix(line, "id: "):
			id = line[4:]
		case strings.HasPrefix(line, "data: "):
			data = line[6:]
		case line == "" && data != "":
			var e Envelope
			if json.Unmarshal([]byte(data), &e) != nil {
				panic("not an envelope: " + data)
			}
			got, data = append(got, e), ""
		}
	}
	if data != "" {
		var e Envelope
		if json.Unmarshal([]byte(data), &e) != nil {
			panic("not an envelope: " + data)
		}
		got = append(got, e)
	}
	return got, id
}

// TestResumeIsExact: a reader that is cut off again and again, at any byte, sees each event that its filter wants once and in order.
func TestResumeIsExact(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			j := newJournal()
			s := NewStreams(j, Options{Batch: 1 + rnd.IntN(10)})
			filter := Filter{}
			if seed%2 == 0 {
				filter = Filter{Types: []string{"tandem.a*"}, Queues: []string{"q0", "q1"}}
			}
			stop := make(chan struct{})
			var filler sync.WaitGroup
			filler.Go(func() {
				defer close(stop)
				for i := range 300 {
					if rnd.IntN(3) == 0 {
						time.Sleep(time.Duration(1+i%50) * time.Second)
					}
					j.add(Event{Type: []string{"tandem.ab", "tandem.b"}[i%2], Queue: fmt.Sprintf("q%d", i%3), Time: time.Now(), Data: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i))})
				}
			})
			var got []Envelope
			cuts := rand.New(rand.NewPCG(seed, 8))
			last := Oldest
			for done := false; !done; {
				stream, err := s.Open(filter, last)
				if err != nil {
					t.Fatal(err)
				}
				r := newReader()
				if cuts.IntN(4) > 0 {
					r.most = 1 + cuts.IntN(2000)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+cuts.IntN(600))*time.Second)
				stream.Serve(ctx, r)
				cancel()
				stream.Close()
				var part []Envelope
				part, last = seen(r.text(), last)
				got = append(got, part...)
				select {
				case <-stop:
					newest, _ := j.Last()
					done = last == newest
				default:
				}
			}
			filler.Wait()
			var want []string
			for _, e := range j.events {
				if filter.Match(e) {
					want = append(want, e.Cursor)
				}
			}
			var ids []string
			for _, e := range got {
				ids = append(ids, e.ID)
			}
			if !slices.Equal(ids, want) {
				t.Errorf("seed %d: got %d events, want %d: %v", seed, len(ids), len(want), ids)
			}
			if n := s.open.Load(); n != 0 {
				t.Errorf("%d streams are left", n)
			}
		})
	}
}

func TestSlowReaderIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		for range 10 {
			j.add(Event{Type: "x"})
		}
		s := NewStreams(j, Options{Patience: 5 * time.Second})
		stream, err := s.Open(Filter{}, Oldest)
		if err != nil {
			t.Fatal(err)
		}
		r := newReader()
		r.stuck = make(chan struct{})
		began := time.Now()
		stream.Serve(t.Context(), r)
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it was ended after %v, want 5s", took)
		}
	})
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		j.add(Event{Type: "old"})
		s := NewStreams(j, Options{Heartbeat: 10 * time.Second, Life: 34 * time.Second})
		stream, err := s.Open(Filter{Types: []string{"wanted"}}, "")
		if err != nil {
			t.Fatal(err)
		}
		r := newReader()
		began := time.Now()
		go func() {
			time.Sleep(15 * time.Second)
			j.add(Event{Type: "unwanted"})
		}()
		stream.Serve(t.Context(), r)
		if took := time.Since(began); took != 34*time.Second {
			t.Errorf("it lived for %v, want 34s", took)
		}
		want := "retry: 2000\n\n: still here\n\nid: 000002\n: still here\n\n"
		if r.text() != want {
			t.Errorf("got %q, want %q", r.text(), want)
		}
		if !r.until.IsZero() {
			t.Error("a deadline is left on the connection")
		}
	})
}

func TestWhereStreamsBegin(t *testing.T) {
	j := newJournal()
	for range 5 {
		j.add(Event{Type: "x"})
	}
	j.first = 2
	s := NewStreams(j, Options{Most: 2})
	for _, tt := range []struct {
		from, cursor string
		err          error
	}{{"", "000005", nil}, {Oldest, "", nil}, {"000003", "000003", nil}, {"000001", "", ErrGone}, {"rubbish", "", ErrCursor}, {"000099", "", ErrCursor}} {
		stream, err := s.Open(Filter{}, tt.from)
		if !errors.Is(err, tt.err) || err == nil && stream.cursor != tt.cursor {
			t.Errorf("from %q: got %+v, %v, want %q, %v", tt.from, stream, err, tt.cursor, tt.err)
		}
		if err == nil {
			stream.Close()
			stream.Close() // twice is once
		}
	}
	for want := range 3 {
		_, err := s.Open(Filter{}, "")
		if (want == 2) != errors.Is(err, ErrFull) {
			t.Errorf("stream %d: got %v", want, err)
		}
	}
}

func TestFeedFails(t *testing.T) {
	j := newJournal()
	s := NewStreams(j, Options{})
	stream, err := s.Open(Filter{}, "")
	if err != nil {
		t.Fatal(err)
	}
	j.err = errors.New("broken")
	stream.Serve(t.Context(), newReader()) // returns
}

// TestEnvelope holds the form of an envelope: CloudEvents 1.0.2, JSON format.
func TestEnvelope(t *testing.T) {
	e := Event{Cursor: "17", ID: "c_1/5", Type: "tandem.accepted", Subject: "call/c_1", Time: time.Date(2026, 5, 4, 14, 0, 0, 0, time.FixedZone("", 7200)),
		Queue: "sales", Record: "r_1", Agent: "anna", Data: json.RawMessage(`{"wait-ms":"900"}`)}
	got, err := Marshal("/tandem/a", e)
	want := `{"specversion":"1.0","id":"c_1/5","source":"/tandem/a","type":"tandem.accepted","subject":"call/c_1","time":"2026-05-04T12:00:00Z",` +
		`"datacontenttype":"application/json","data":{"wait-ms":"900"},"queue":"sales","record":"r_1","agent":"anna","cursor":"17"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	if got, _ := Marshal("/x", Event{Cursor: "17", Type: "t"}); string(got) != `{"specversion":"1.0","id":"17","source":"/x","type":"t","cursor":"17"}` {
		t.Errorf("got %s", got)
	}
	if _, err := Marshal("/x", Event{Data: json.RawMessage("{")}); err == nil {
		t.Error("broken data was sent")
	}
	// What stands in a line of its own cannot end it.
	if got := oneLine("a\nid: 99\r\x00"); got != "a_id: 99__" {
		t.Errorf("got %q", got)
	}
}

// sly is a feed in which something happens just after nothing was found.
type sly struct {
	*journal
	once sync.Once
}

func (s *sly) After(cursor string, limit int) ([]Event, error) {
	events, err := s.journal.After(cursor, limit)
	if len(events) == 0 {
		s.once.Do(func() { s.add(Event{Type: "late"}) })
	}
	return events, err
}

// TestNoWakeUpIsLost: what happens between the look and the wait is sent at once, not at the next heartbeat.
func TestNoWakeUpIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStreams(&sly{journal: newJournal()}, Options{})
		stream, err := s.Open(Filter{}, "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := newReader()
		stream.Serve(ctx, r)
		if !strings.Contains(r.text(), "event: late") {
			t.Errorf("got %q, want the event at once", r.text())
		}
	})
}
