package sms

import (
	"fmt"
	"strings"
	"time"

	"tandem/digital"
	"tandem/digital/smpp/gsm"
)

// putOff is when a message is tried again whose provider or line is full.
const putOff = 5 * time.Second

// writtenMost bounds the numbers whose answers count as attested; writtenFor is how long they do.
const (
	writtenMost = 20_000
	writtenFor  = 30 * 24 * time.Hour
)

// textOf prints a message's choices below its text, as numbers have no buttons.
func (a *Adapter) textOf(o digital.Outgoing) string {
	var b strings.Builder
	b.WriteString(o.Text)
	for _, c := range o.Choices {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s", c.Key, c.Label)
	}
	if a.config.Plain {
		return gsm.Downgrade(b.String())
	}
	return b.String()
}

// accept checks a message and puts it into its sender's line.
func (a *Adapter) accept(j *job, now time.Time) {
	if r, refused := a.refusal(j, now); refused {
		a.metrics.sent(r)
		j.settle(r)
		return
	}
	if j.text.From == "" {
		j.text.From = a.Sender(j.text.To)
	}
	j.text.From = a.ourNumber(j.text.From)
	l := a.lines[j.text.From]
	if l == nil {
		l = &line{}
		a.lines[j.text.From] = l
	}
	if wait := l.wait(a.config.Rate, now); wait > a.config.LineWait || a.waiting >= a.config.Waiting {
		r := digital.Result{State: digital.Failed, Reason: "throttled", Again: max(wait, putOff)}
		a.metrics.sent(r)
		j.settle(r)
		return
	}
	j.since = now
	l.jobs = append(l.jobs, j)
	a.waiting++
}

// refusal says why a message does not go now. It is asked when the message comes and again when it is its turn.
func (a *Adapter) refusal(j *job, now time.Time) (digital.Result, bool) {
	final := func(why string) (digital.Result, bool) {
		return digital.Result{State: digital.Failed, Reason: why}, true
	}
	switch {
	case j.text.To == "":
		return final("no_number")
	case !j.last && a.out(j.text.To):
		return final("opted_out")
	case j.out.Attachment != nil:
		return final("attachment")
	case strings.TrimSpace(j.text.Text) == "":
		return final("empty")
	case gsm.Measure(j.text.Text).Segments > a.config.Segments:
		return final("too_long")
	case j.text.From != "" && !a.ours(j.text.From):
		return final("sender")
	}
	if a.quiet != nil && j.done != nil {
		if until := a.quiet.Until(j.out, now); until.After(now) {
			return digital.Result{State: digital.Failed, Reason: "quiet_hours", Again: until.Sub(now)}, true
		}
	}
	return digital.Result{}, false
}

// out says whether a number wants no messages; a wish holds before it is durable.
func (a *Adapter) out(number string) bool {
	if out, ok := a.changing[number]; ok {
		return out
	}
	return a.optouts.OptedOut(number)
}

func (a *Adapter) ours(number string) bool {
	for _, s := range a.config.Senders {
		if s == number || a.Normal(s) == a.Normal(number) {
			return true
		}
	}
	return false
}

// pump hands over what has its turn.
func (a *Adapter) pump(now time.Time) {
	for from, l := range a.lines {
		for len(l.jobs) > 0 && !now.Before(l.next) {
			j := l.jobs[0]
			l.jobs[0] = nil
			l.jobs = l.jobs[1:]
			a.waiting--
			if a.config.Rate > 0 {
				segments := gsm.Measure(j.text.Text).Segments
				l.next = later(l.next, now).Add(time.Duration(float64(segments) * float64(time.Second) / a.config.Rate))
			}
			a.handOver(j, now)
		}
		if len(l.jobs) == 0 && !now.Before(l.next) {
			delete(a.lines, from)
		}
	}
	a.metrics.waits(a.waiting)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (a *Adapter) handOver(j *job, now time.Time) {
	if r, refused := a.refusal(j, now); refused {
		a.metrics.sent(r)
		j.settle(r)
		return
	}
	j.text.Until = now.Add(sentWait)
	a.wrote(j.text.To, now)
	err := a.carrier.Submit(j.text, func(r digital.Result) {
		a.metrics.sent(r)
		j.settle(r)
	})
	if err != nil {
		a.log.Warn("sms not taken by the carrier", "err", err)
		r := digital.Result{State: digital.Failed, Reason: "throttled", Again: putOff}
		a.metrics.sent(r)
		j.settle(r)
	}
}

// wrote remembers whom we wrote to.
func (a *Adapter) wrote(to string, now time.Time) {
	if _, ok := a.written[to]; !ok && len(a.written) >= writtenMost {
		oldest := ""
		for n, at := range a.written {
			if oldest == "" || at.Before(a.written[oldest]) {
				oldest = n
			}
		}
		delete(a.written, oldest)
	}
	a.written[to] = now
}
