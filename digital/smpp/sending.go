package smpp

import (
	"slices"
	"time"

	"tandem/digital/smpp/pdu"
)

// slowest bounds the pause after throttled answers, in times Config.SlowDown.
const slowest = 30

// flight is a submission on its way.
type flight struct {
	submission Submission
	n          uint64    // in order of Submit
	seq        uint32    // 0: not out
	by         time.Time // the answer is waited for until then
}

// sending holds what waits and what is out, and how fast it may go. Owned by the client's goroutine.
type sending struct {
	config  Config
	queue   []*flight // by n
	flights map[uint32]*flight
	order   []*flight // out, oldest first; answered ones have seq 0 and are skipped
	n       uint64
	window  int           // now: 1 after a throttled answer, grows to Config.Window
	pause   time.Duration // after the next throttled answer
	resume  time.Time     // not before
	pace    time.Time     // not before, by Config.Rate
}

func newSending(c Config) sending {
	return sending{config: c, flights: map[uint32]*flight{}, window: c.Window}
}

func (s *sending) add(f *flight) {
	s.n++
	f.n = s.n
	s.queue = append(s.queue, f)
}

// back puts a flight that was throttled to where it was.
func (s *sending) back(f *flight) {
	f.seq = 0
	i, _ := slices.BinarySearchFunc(s.queue, f.n, func(a *flight, n uint64) int {
		switch {
		case a.n < n:
			return -1
		case a.n > n:
			return 1
		}
		return 0
	})
	s.queue = slices.Insert(s.queue, i, f)
}

// slow reacts to a throttled answer; answers to what was sent before the pause began do not make it longer.
func (s *sending) slow(now time.Time) {
	s.window = 1
	if now.Before(s.resume) {
		return
	}
	s.pause = min(max(2*s.pause, s.config.SlowDown), slowest*s.config.SlowDown)
	s.resume = now.Add(s.pause)
}

// fast reacts to an accepted submission.
func (s *sending) fast() {
	if s.window < s.config.Window {
		s.window++
	} else {
		s.pause = 0
	}
}

// ready says whether the next submission may go.
func (s *sending) ready(now time.Time) bool {
	return len(s.queue) > 0 && len(s.flights) < s.window && !now.Before(s.resume) && !now.Before(s.pace)
}

// next tells when ready may become true by time alone; zero: not by time.
func (s *sending) next(bound bool) time.Time {
	if !bound || len(s.queue) == 0 || len(s.flights) >= s.window {
		return time.Time{}
	}
	if s.pace.After(s.resume) {
		return s.pace
	}
	return s.resume
}

// expires tells when the oldest answer is overdue.
func (s *sending) expires() time.Time {
	for len(s.order) > 0 && s.order[0].seq == 0 {
		s.order[0] = nil
		s.order = s.order[1:]
	}
	if len(s.order) == 0 {
		return time.Time{}
	}
	return s.order[0].by
}

// take ends the wait for an answer.
func (s *sending) take(seq uint32) (*flight, bool) {
	f, ok := s.flights[seq]
	if ok {
		delete(s.flights, seq)
		f.seq = 0
	}
	return f, ok
}

// pump submits what may go.
func (c *Client) pump(now time.Time) {
	for c.state == LinkBound && c.sending.ready(now) {
		s := &c.sending
		f := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		if until := f.submission.Until; !until.IsZero() && !now.Before(until) {
			c.result(f, Result{Outcome: Unsent})
			continue
		}
		f = &flight{submission: f.submission, n: f.n, seq: c.nextSeq(), by: now.Add(c.config.AnswerWait)}
		s.flights[f.seq] = f
		s.order = append(s.order, f)
		if s.config.Rate > 0 {
			s.pace = now.Add(time.Duration(float64(time.Second) / s.config.Rate))
		}
		if !c.send(pdu.PDU{Command: pdu.SubmitSM, Sequence: f.seq, Body: f.submission.Message}) {
			s.take(f.seq)
			c.result(f, Result{Outcome: Unsent})
		}
	}
	if len(c.sending.queue) > 0 && c.when.sweep.IsZero() {
		c.when.sweep = now.Add(time.Second)
	}
	c.metrics.load(c.config.Name, len(c.sending.queue), len(c.sending.flights))
}

// sweep gives up what waits and whose time has passed.
func (c *Client) sweep(now time.Time) {
	c.sending.queue = slices.DeleteFunc(c.sending.queue, func(f *flight) bool {
		over := !f.submission.Until.IsZero() && !now.Before(f.submission.Until)
		if over {
			c.result(f, Result{Outcome: Unsent})
		}
		return over
	})
}

// submitted handles the answer to a submit_sm.
func (c *Client) submitted(p pdu.PDU) {
	f, ok := c.sending.take(p.Sequence)
	if !ok {
		c.metrics.stray(c.config.Name)
		return
	}
	switch {
	case p.Command == pdu.SubmitSMResp && p.Status == pdu.OK:
		c.sending.fast()
		id := ""
		if body, ok := p.Body.(*pdu.MessageResp); ok {
			id = body.MessageID
		}
		c.result(f, Result{Outcome: Accepted, MessageID: id})
	case p.Status.Transient():
		c.metrics.throttle(c.config.Name)
		c.sending.slow(time.Now())
		c.sending.back(f)
	default:
		c.result(f, Result{Outcome: Refused, Status: p.Status})
	}
	c.drained()
}

// expireFlights makes uncertain what was not answered in time, and asks whether the link still stands.
func (c *Client) expireFlights(now time.Time) {
	for {
		at := c.sending.expires()
		if at.IsZero() || at.After(now) {
			return
		}
		f := c.sending.order[0]
		c.sending.take(f.seq)
		c.result(f, Result{Outcome: Uncertain})
		if c.state == LinkBound {
			c.enquire(now)
		}
		c.drained()
	}
}

// loseFlights makes uncertain all that is out.
func (c *Client) loseFlights() {
	for _, f := range c.sending.order {
		if f.seq != 0 {
			c.sending.take(f.seq)
			c.result(f, Result{Outcome: Uncertain})
		}
	}
	c.sending.order = nil
	c.sending.window = c.config.Window
}

func (c *Client) result(f *flight, r Result) {
	r.Key = f.submission.Key
	c.metrics.submitted(c.config.Name, r.Outcome)
	c.tell(r)
}
