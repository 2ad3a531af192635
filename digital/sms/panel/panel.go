package panel

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tandem/digital/smpp/gsm"
	"tandem/digital/smpp/smsc"
)

// Limits of a Panel.
const (
	MaxHandsets = 256  // numbers; the one that was silent longest goes
	MaxKept     = 200  // newest messages of a handset
	MaxText     = 1600 // characters of a message that a handset sends
	MaxReaders  = 64   // open event streams
)

// Center takes what handsets send; *smsc.Server is one.
type Center interface {
	Deliver(smsc.MO) (string, error)
}

// Message is one bubble on a handset's screen.
type Message struct {
	Seq   uint64    `json:"seq"`   // gapless per handset, first is 1
	Peer  string    `json:"peer"`  // the other number
	Mine  bool      `json:"mine"`  // sent by the handset
	Text  string    `json:"text"`  //
	Parts int       `json:"parts"` // messages that it took on the air
	At    time.Time `json:"at"`
}

// ErrText means that a number or a text cannot be sent.
var ErrText = errors.New("number or text cannot be sent")

// Panel holds all handsets. Its methods may be called from any goroutine and never wait.
type Panel struct {
	center Center

	mu       sync.Mutex // guards what stands below
	handsets map[string]*handset
	parts    *gsm.Reassembler
	readers  int
}

type handset struct {
	messages []Message
	next     uint64
	used     time.Time
	changed  chan struct{} // closed when a message was added, then replaced
}

// New returns an empty panel.
func New(c Center) *Panel {
	return &Panel{center: c, handsets: map[string]*handset{}, parts: gsm.NewReassembler(gsm.Limits{Texts: 256})}
}

// Number normalises what a user types: blanks, dashes and brackets go, 00 in front becomes +.
func Number(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()/.\u00A0", r) {
			return -1
		}
		return r
	}, s)
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	return s
}

// Take shows a message that Tandem submitted on the handset it is for. Parts wait for each other.
func (p *Panel) Take(t smsc.Taken) {
	piece, err := t.Message.Piece()
	if err != nil {
		return
	}
	piece.From, piece.To = t.Message.Source.Display(), t.Message.Destination.Display()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, whole := range append(p.parts.Expire(t.At), p.parts.Add(piece, t.At)...) {
		count := gsm.Measure(whole.Text)
		p.addLocked(whole.To, Message{Peer: whole.From, Text: whole.Text, Parts: count.Segments, At: t.At})
	}
}

// Send sends a text from a handset to a number of Tandem's.
func (p *Panel) Send(from, to, text string, now time.Time) (Message, error) {
	from, to = Number(from), Number(to)
	if !valid(from) || !valid(to) || strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > MaxText {
		return Message{}, ErrText
	}
	if _, err := p.center.Deliver(smsc.MO{From: from, To: to, Text: text}); err != nil {
		return Message{}, fmt.Errorf("handset %s: %w", from, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addLocked(from, Message{Peer: to, Mine: true, Text: text, Parts: gsm.Measure(text).Segments, At: now}), nil
}

// valid says whether a number can be a handset's or Tandem's: a plus or not, then 2 to 15 digits.
func valid(number string) bool {
	digits := strings.TrimPrefix(number, "+")
	return len(digits) >= 2 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}

// Messages returns a handset's messages behind a Seq, and a channel that is closed when there are more.
func (p *Panel) Messages(number string, after uint64) ([]Message, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.handsetLocked(number, time.Time{})
	var out []Message
	for _, m := range h.messages {
		if m.Seq > after {
			out = append(out, m)
		}
	}
	return out, h.changed
}

func (p *Panel) addLocked(number string, m Message) Message {
	h := p.handsetLocked(number, m.At)
	h.next++
	m.Seq = h.next
	h.messages = append(h.messages, m)
	if extra := len(h.messages) - MaxKept; extra > 0 {
		h.messages = append([]Message(nil), h.messages[extra:]...)
	}
	close(h.changed)
	h.changed = make(chan struct{})
	return m
}

// handsetLocked finds a handset or makes one; the one that was silent longest makes room.
func (p *Panel) handsetLocked(number string, used time.Time) *handset {
	h := p.handsets[number]
	if h == nil {
		if len(p.handsets) >= MaxHandsets {
			p.dropLocked()
		}
		h = &handset{changed: make(chan struct{})}
		p.handsets[number] = h
	}
	if used.After(h.used) {
		h.used = used
	}
	return h
}

func (p *Panel) dropLocked() {
	oldest := ""
	for number, h := range p.handsets {
		if oldest == "" || h.used.Before(p.handsets[oldest].used) {
			oldest = number
		}
	}
	close(p.handsets[oldest].changed)
	delete(p.handsets, oldest)
}

// enter counts a reader of events; false: there are too many.
func (p *Panel) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readers >= MaxReaders {
		return false
	}
	p.readers++
	return true
}

func (p *Panel) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readers--
}
