package webrtc

// The link machine answers one question for each browser connection: may audio flow? (RFC 8842, RFC 5764, RFC 7675.)
//
// A pair that is not listed is ignored: it is a report that was on its way when the link had gone on already.

// state is where a link is.
type state uint8

// The states.
const (
	offered state = iota // our offer is out, the browser's answer is to come
	joining              // described by both; checks and handshake go on
	up                   // in force, audio flows
	lost                 // in force, but not heard: nothing is sent
	over                 // nothing leads to it any more
	states
)

// occasion is what happened to a link.
type occasion uint8

// The occasions.
const (
	described  occasion = iota // the browser's description came: its first, or another of the same connection
	secured                    // the handshake is done
	failed                     // the handshake failed or took too long
	fellSilent                 // nothing genuine came for LostAfter
	heardAgain                 // something came
	farClosed                  // the browser said goodbye
	dropped                    // another link took its place, its offer was taken back, or the stream ended
	occasions
)

// do is a set of effects, carried out from the lowest bit on.
type do uint8

// The effects.
const (
	begin   do = 1 << iota // the handshake
	enforce                // it becomes the link in force, and the one of before is dropped
	say                    // Linked
	release                // all that leads to it, and its DTLS connection
	effects = 4
)

type row struct {
	from state
	on   occasion
	to   state
	do   do
	rfc  string
}

var rows = []row{
	{offered, described, joining, begin, "8842 §5.3"},
	{offered, dropped, over, release, "3264 §8: a new offer"},
	{joining, described, joining, 0, "3264 §8: repeated, or other directions"},
	{joining, secured, up, enforce | say, "5764 §4.2"},
	{joining, failed, over, say | release, "8842 §5.3"},
	{joining, dropped, over, release, "8842 §3.1: another association"},
	{up, described, up, 0, "8839 §4.4: directions, ICE restart"},
	{up, fellSilent, lost, say, "7675 §5.1"},
	{up, farClosed, over, say | release, "5246 §7.2.1"},
	{up, dropped, over, release, "8842 §3.1: another association"},
	{lost, described, lost, 0, "8839 §4.4: ICE restart"},
	{lost, heardAgain, up, say, "7675 §5.1"},
	{lost, farClosed, over, release, "5246 §7.2.1"},
	{lost, dropped, over, release, "8842 §3.1: another association"},
}

type cell struct {
	to     state
	do     do
	listed bool
}

var compiled = compile(rows)

func compile(rows []row) (c [states][occasions]cell) {
	for _, r := range rows {
		if c[r.from][r.on].listed {
			panic("webrtc: link table: duplicate row")
		}
		c[r.from][r.on] = cell{r.to, r.do, true}
	}
	return c
}

// step gives the next state and the effects; listed is false where the pair is to be ignored, and then the state stays.
func step(s state, on occasion) (next state, what do, listed bool) {
	if s >= states || on >= occasions || !compiled[s][on].listed {
		return s, 0, false
	}
	c := compiled[s][on]
	return c.to, c.do, true
}
