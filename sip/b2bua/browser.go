package b2bua

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"tandem/media"
	"tandem/sip/dialog"
	"tandem/sip/transport"
)

// A browser's leg is a leg like any other, but its session descriptions are made and read by the media room, which answers each
// Describe and Accept by one Described, in order. What such an answer is for is remembered here.

// describing says what a Described is for.
type describing uint8

const (
	forInvite      describing = iota + 1 // our offer in the INVITE of a leg that we place
	forCaller                            // our answer to the caller's INVITE
	forReoffer                           // our answer to a later offer
	forOfferless                         // our offer to a re-INVITE without one
	forFirstAnswer                       // their answer to our INVITE
	forLaterAnswer                       // their answer to a later offer of ours
)

// asking is one Describe or Accept under way.
type asking struct {
	what describing
	by   time.Time // when the media room is given up
	void bool      // the peer took its offer back
}

// describe asks the media room, which answers by described.
func (l *leg) describe(cmd media.Command, what describing) {
	l.asked = append(l.asked, asking{what: what, by: l.call.now.Add(openWait)})
	l.call.media(cmd)
}

// ours asks for an offer of ours.
func (l *leg) ours(what describing) {
	l.describe(media.Describe{Stream: l.stream}, what)
}

// theirs asks for the answer to an offer of the browser.
func (l *leg) theirs(offer []byte, what describing) {
	l.describe(media.Describe{Stream: l.stream, Offer: string(offer)}, what)
}

// described goes on with what waited for a session description.
func (c *Call) described(l *leg, e media.Described) {
	if l.overdue > 0 {
		l.overdue-- // it was given up
		return
	}
	if len(l.asked) == 0 {
		return
	}
	c.goOnWith(l, e)
}

// notDescribed gives up what the media room has not answered in time.
func (c *Call) notDescribed(l *leg) {
	c.goOnWith(l, media.Described{Err: "the media room did not answer"})
	l.overdue++
}

// askedBy is when the oldest question is given up.
func (l *leg) askedBy() (by time.Time) {
	if len(l.asked) > 0 {
		by = l.asked[0].by
	}
	return by
}

// goOnWith takes an answer for the oldest question.
func (c *Call) goOnWith(l *leg, e media.Described) {
	a := l.asked[0]
	l.asked = slices.Delete(l.asked, 0, 1)
	if a.void || l.state >= legEnding || c.state >= callEnding {
		return
	}
	if e.Err != "" {
		c.log.Warn("session description refused", "leg", l.name, "err", e.Err)
		c.undescribed(l, a, e.Err)
		return
	}
	if e.Config.Format.Codec != media.NoCodec {
		l.tookConfig(e.Config)
	}
	switch a.what {
	case forInvite:
		c.invite(l, preferCodec([]byte(e.SDP), c.caller.config.Format.Codec))
	case forCaller:
		l.answer = []byte(e.SDP)
		c.start()
	case forReoffer, forOfferless:
		c.onUsage(l, func(u *dialog.Usage) []dialog.Effect { return u.Answer(c.now, dialog.SDP([]byte(e.SDP))) })
		if a.what == forReoffer {
			c.setHold(l, l.heldByConfig())
		}
	case forFirstAnswer:
		c.browserAnswered(l)
	case forLaterAnswer:
		c.setHold(l, l.heldByConfig())
	}
}

// browserAnswered takes the answer of a browser that was called, unless another was faster or the attempt was given up.
func (c *Call) browserAnswered(l *leg) {
	if c.attempts.purpose == idle || c.attempts.winner != nil {
		c.hangupLeg(l, Normal)
		return
	}
	c.attemptWon(l, l.heldByConfig())
}

// undescribed ends what waited for a description that there is not.
func (c *Call) undescribed(l *leg, a asking, why string) {
	switch a.what {
	case forInvite:
		l.step(legOnNoMedia)
	case forCaller:
		c.hangup(Unsupported, "system")
	case forReoffer, forOfferless:
		c.onUsage(l, func(u *dialog.Usage) []dialog.Effect { return u.Refuse(c.now, Unsupported.Status()) })
	case forFirstAnswer:
		c.answerUnknown(l, why)
	}
}

// tookConfig notes what the media room has configured by itself; only the timeout is ours.
func (l *leg) tookConfig(cfg media.StreamConfig) {
	cfg.Timeout = l.call.sw.cfg.MediaTimeout
	l.config = cfg
	if cfg.Timeout > 0 {
		l.call.media(media.Configure{Stream: l.stream, Config: cfg})
	}
}

// heldByConfig tells whether the browser does not want to hear us.
func (l *leg) heldByConfig() bool {
	return l.config.Direction == media.RecvOnly || l.config.Direction == media.Inactive
}

// voidOffers voids what waits for a description of an offer that was taken back.
func (l *leg) voidOffers() {
	for i := range l.asked {
		if w := l.asked[i].what; w == forReoffer || w == forOfferless {
			l.asked[i].void = true
		}
	}
}

// isBrowser tells whether a session description is a browser's (RFC 8829 §5.1.2): its audio goes over DTLS-SRTP with feedback.
func isBrowser(body []byte) bool {
	for line := range bytes.Lines(body) {
		if rest, ok := bytes.CutPrefix(line, []byte("m=audio ")); ok {
			return bytes.Contains(rest, []byte(" UDP/TLS/RTP/SAVP"))
		}
	}
	return false
}

// isPage tells whether what registers over a transport is a browser, or a page's user agent in this process.
func isPage(name string) bool {
	switch strings.ToUpper(name) {
	case transport.WS, transport.WSS, transport.LOCAL:
		return true
	}
	return false
}

// preferCodec puts the codec of the leg at the other side first into an offer, so that nothing needs to be transcoded.
func preferCodec(offer []byte, codec media.Codec) []byte {
	pt := map[media.Codec]string{media.PCMU: "0", media.PCMA: "8"}[codec]
	at := bytes.Index(offer, []byte("m=audio "))
	if pt == "" || at < 0 {
		return offer
	}
	line, rest, _ := strings.Cut(string(offer[at:]), "\r\n")
	words := strings.Split(line, " ")
	i := slices.Index(words, pt)
	if i < 4 {
		return offer
	}
	words = slices.Insert(slices.Delete(words, i, i+1), 3, pt)
	return []byte(string(offer[:at]) + strings.Join(words, " ") + "\r\n" + rest)
}
