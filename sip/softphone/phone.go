package softphone

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"tandem/sip"
	"tandem/sip/transport"
)

// Phone is one user agent. Its exported methods may be called from any goroutine and never wait.
type Phone struct {
	set    *Set
	user   string
	guest  bool
	aor    sip.NameAddr // who we are: From of all that we send
	self   sip.URI      // Contact
	unit   string       // instance
	events chan Event
	timer  *time.Timer // one for all deadlines; made when it is first needed

	mu      sync.Mutex
	local   *transport.Local
	box     []letter
	running bool  // a goroutine works on the box
	over    bool  // nothing is taken any more
	asked   bool  // Close was called
	broken  error // the phone is to end at once
	lastID  uint64

	// owned by the goroutine that works
	flow    transport.Flow // as the layer of the set names it
	now     time.Time
	calls   []*call
	reg     registration
	closing time.Time // until when BYE may be answered; zero while open
	due     time.Time // what the timer is set to
	deaf    bool      // the owner did not read
}

// letter is what a phone has to do next.
type letter interface{ open(p *Phone) }

func newPhone(s *Set, o Options, host string) *Phone {
	unit := o.Instance
	if unit == "" {
		unit = "urn:tandem:" + sip.NewTag()
	}
	self := sip.URI{Scheme: "sip", User: o.User, Host: host}
	self.UriParams.Add("transport", "local")
	return &Phone{
		set: s, user: o.User, guest: o.Guest, unit: unit, events: make(chan Event, eventsLen),
		aor:  sip.NameAddr{Display: sip.Clean(o.Display), URI: sip.URI{Scheme: "sip", User: o.User, Host: s.cfg.Domain}},
		self: self,
	}
}

// User returns the name of the phone: the user part of its address of record.
func (p *Phone) User() string { return p.user }

// Events is where the owner hears of everything. It is closed after the last event.
func (p *Phone) Events() <-chan Event { return p.events }

// post puts a command into the mailbox.
func (p *Phone) post(l letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.over || p.broken != nil:
		return ErrClosed
	case len(p.box) >= boxLen:
		return ErrBusy
	}
	p.postLocked(l)
	return nil
}

// mail puts into the mailbox what cannot be refused: a phone that has no room for it is lost.
func (p *Phone) mail(l letter) error {
	err := p.post(l)
	if errors.Is(err, ErrBusy) {
		p.fail(ErrOverflow)
		return ErrOverflow
	}
	return err
}

func (p *Phone) postLocked(l letter) {
	p.box = append(p.box, l)
	if !p.running {
		p.running = true
		p.set.work.Add(1)
		go p.run()
	}
}

// fail ends the phone at once, whatever waits.
func (p *Phone) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || p.broken != nil {
		return
	}
	p.broken = err
	p.postLocked(wake{})
}

// wake is an empty letter.
type wake struct{}

func (wake) open(*Phone) {}

// run works until the mailbox is empty.
func (p *Phone) run() {
	defer p.set.work.Done()
	for {
		box, broken := p.take()
		if box == nil {
			return
		}
		for _, l := range box {
			if broken != nil {
				break
			}
			broken = p.step(l)
		}
		if broken == nil {
			broken = p.settle()
		}
		if broken != nil {
			p.finish(broken)
			return
		}
	}
}

// take empties the mailbox; nil ends the goroutine.
func (p *Phone) take() ([]letter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	box := p.box
	p.box = nil
	if len(box) == 0 {
		p.running = false
		return nil, nil
	}
	return box, p.broken
}

// step opens one letter. A fault of ours costs this phone and nothing else.
func (p *Phone) step(l letter) (broken error) {
	defer func() {
		if r := recover(); r != nil {
			p.set.cfg.Log.Error("phone fault", "endpoint", p.user, "err", fmt.Sprint(r), "stack", string(debug.Stack()))
			broken = errPanic
		}
	}()
	p.now = time.Now()
	l.open(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

var (
	errPanic = errors.New("fault")
	errDone  = errors.New("done") // Close has nothing to wait for any more
)

// settle arms the timer, and says when a closed phone has nothing left to do.
func (p *Phone) settle() error {
	if !p.closing.IsZero() && (p.quiet() || !p.now.Before(p.closing)) {
		return errDone
	}
	due := earlier(p.closing, p.reg.due)
	for _, c := range p.calls {
		due = earlier(due, c.deadline())
	}
	if due.Equal(p.due) {
		return nil
	}
	p.due = due
	switch {
	case due.IsZero():
		p.timer.Stop()
	case p.timer == nil:
		p.timer = time.AfterFunc(time.Until(due), func() { p.mail(tick{}) })
	default:
		p.timer.Reset(time.Until(due))
	}
	return nil
}

// quiet reports whether everything that Close began was answered.
func (p *Phone) quiet() bool {
	for _, c := range p.calls {
		if !c.over {
			return false
		}
	}
	return p.reg.state == regOff
}

// earlier is the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// tick is the timer.
type tick struct{}

func (tick) open(p *Phone) {
	p.due = time.Time{}
	if at := p.reg.due; !at.IsZero() && !p.now.Before(at) {
		p.reg.due = time.Time{}
		p.registration(regDue)
	}
	for _, c := range append([]*call(nil), p.calls...) {
		c.tick()
	}
}

// finish ends the phone: what stands is told as ended, and nothing is taken or told any more.
func (p *Phone) finish(why error) {
	p.mu.Lock()
	p.over, p.running, p.box = true, false, nil
	local := p.local
	p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.set.drop(p)
	p.set.layer.FlowClosed(p.flow, ErrClosed)
	for _, c := range p.calls {
		c.abandon()
	}
	p.calls = nil
	if local != nil {
		local.Close()
	}
	p.lost(why)
	close(p.events)
}

// lost tells the owner that the phone is gone, and counts when nobody asked for it.
func (p *Phone) lost(why error) {
	reason := ""
	switch {
	case p.deaf:
		why, reason = ErrOwner, lostOwner
	case errors.Is(why, errDone), errors.Is(why, ErrClosed):
		why = nil
	case errors.Is(why, ErrOverflow):
		reason = lostOverflow
	case errors.Is(why, errPanic):
		reason = lostPanic
	default:
		reason = lostFlow
	}
	if reason != "" {
		p.set.metrics.lost.WithLabelValues(reason).Inc()
		p.set.cfg.Log.Warn("phone lost", "endpoint", p.user, "reason", reason)
	}
	select {
	case p.events <- Closed{Err: why}:
	default:
	}
}

// tell gives an event to the owner. One who does not read loses the phone: it ends its calls and hears nothing any more.
func (p *Phone) tell(ev Event) {
	if p.deaf {
		return
	}
	select {
	case p.events <- ev:
	default:
		p.deaf = true
		p.mail(closed{})
	}
}

// newID names the next call.
func (p *Phone) newID() CallID {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID++
	return CallID("c" + strconv.FormatUint(p.lastID, 10))
}
