package dialog

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tandem/sip"
)

// chooser makes the decisions of a random sequence.
type chooser interface{ pick(n int) int }

type seeded struct{ r *rand.Rand }

func (s seeded) pick(n int) int { return s.r.IntN(n) }

type byteChooser struct{ data []byte }

func (b *byteChooser) pick(n int) int {
	if len(b.data) == 0 {
		return 0
	}
	v := int(b.data[0]) % n
	b.data = b.data[1:]
	return v
}

// chaos drives one usage with commands and messages in any order, and checks after each step what must always hold.
type chaos struct {
	*player
	c        chooser
	lastSeq  uint32
	invites  map[TxID]bool // our INVITE transactions: a 1xx was given
	finals   map[TxID]bool // of our client transactions
	acked    map[string]bool
	success  map[string]bool // "cseq tag" of each 2xx given
	servers  map[TxID]bool   // the peer's transactions: final given
	canceled map[TxID]bool
	inviteTx TxID // the peer's last INVITE
	pending  int  // RemoteOffer and offers in responses without Answer or Refuse
	ended    int
	released bool
	hungUp   time.Time
	trail    []string
}

func newChaos(t testing.TB, c chooser) *chaos {
	x := &chaos{player: newPlayer(t), c: c, invites: map[TxID]bool{}, finals: map[TxID]bool{}, acked: map[string]bool{}, success: map[string]bool{},
		servers: map[TxID]bool{}, canceled: map[TxID]bool{}}
	x.onEff = x.check
	return x
}

func (x *chaos) fail(format string, args ...any) {
	x.t.Helper()
	x.t.Fatalf("%s\nafter:\n%s\n%s", fmt.Sprintf(format, args...), x.trailText(), x.out.String())
}

func (x *chaos) trailText() string {
	s := ""
	for _, l := range x.trail {
		s += "> " + l + "\n"
	}
	return s
}

func (x *chaos) check(e Effect) {
	if x.released && e.Kind != Respond {
		x.fail("%s after Release", e.Kind)
	}
	switch e.Kind {
	case SendRequest:
		n := e.Request.CSeq().SeqNo
		if n <= x.lastSeq {
			x.fail("CSeq %d after %d", n, x.lastSeq)
		}
		x.lastSeq = n
		x.finals[e.Tx] = false
		if e.Request.Method == sip.INVITE {
			x.invites[e.Tx] = false
		}
		if x.ended > 0 && e.Request.Method != sip.BYE {
			x.fail("%s after Ended", e.Request.Method)
		}
	case SendCancel:
		if rang, ok := x.invites[e.Tx]; !ok || !rang || x.finals[e.Tx] {
			x.fail("CANCEL of #%d before a 1xx or after the final", e.Tx)
		}
	case WriteACK:
		key := fmt.Sprintf("%d %s", e.Request.CSeq().SeqNo, sip.ToTag(e.Request))
		if !x.success[key] {
			x.fail("ACK %s without a 2xx", key)
		}
		x.acked[key] = true
	case Respond:
		x.checkRespond(e)
	case Raise:
		x.checkEvent(e.Event)
	case Release:
		x.released = true
		if x.ended != 1 {
			x.fail("Release with %d Ended", x.ended)
		}
	}
}

func (x *chaos) checkRespond(e Effect) {
	if e.Response.StatusCode < 200 {
		return
	}
	if x.servers[e.Tx] || x.canceled[e.Tx] {
		x.fail("second final response to @%d", e.Tx)
	}
	x.servers[e.Tx] = true
}

func (x *chaos) checkEvent(e Event) {
	if x.ended > 0 {
		x.fail("%s after Ended", e.Kind)
	}
	switch e.Kind {
	case Ended:
		x.ended++
	case RemoteOffer:
		x.pending++
	case EarlyMedia, Answered:
		if e.IsOffer && !(e.Kind == Answered && x.pending > 0) {
			x.pending++
		}
	case OfferWithdrawn:
		x.pending--
	}
	if x.pending > 1 {
		x.fail("%d offers of the peer are open", x.pending)
	}
}

// invariants of the state after each step.
func (x *chaos) invariants() {
	u := x.u
	if u.offer != nil && u.offer.via != ViaOfferless && u.offer.d.turn != turnRemote {
		x.fail("an offer of the peer is open and the turn is %s", u.offer.d.turn)
	}
	if (u.inv != nil) != (u.slot == slotServer || u.slot == slotUnacked) && !u.released {
		x.fail("slot %s, incoming INVITE %v", u.slot, u.inv != nil)
	}
	if len(u.clients) > 4*maxPending || len(u.servers) > maxPending {
		x.fail("%d clients, %d servers", len(u.clients), len(u.servers))
	}
	if u.released && !u.Deadline().IsZero() {
		x.fail("a deadline after Release")
	}
	if !u.Deadline().IsZero() && u.state == StateTerminated && u.Deadline().Sub(x.now) > giveUp {
		x.fail("deadline too far: %s", u.Deadline().Sub(x.now))
	}
	for key := range x.success { // RFC 3261 §13.2.2.4: no 2xx stays without ACK, unless its answer is still to come
		if !x.acked[key] && u.offer == nil && !u.released {
			x.fail("2xx %s has no ACK", key)
		}
	}
}

var chaosTags = []string{"peer", "peer", "peer", "fork1", "fork2"}

func (x *chaos) step() {
	before := x.pending
	x.one()
	if x.u.offer == nil && before > 0 {
		x.pending = 0
	}
	x.invariants()
}

func (x *chaos) one() {
	tag := chaosTags[x.c.pick(len(chaosTags))]
	sdp := []string{"", " sdp=v0"}[x.c.pick(2)]
	switch x.c.pick(16) {
	case 0:
		x.do("progress %d%s", 180+x.c.pick(4), sdp)
	case 1:
		x.do("accept sdp=a")
	case 2:
		x.do("offer%s", sdp)
	case 3:
		x.do("answer sdp=b")
	case 4:
		x.do("refuse 488")
	case 5:
		x.do("send INFO text=1")
	case 6:
		x.do("reply %d 200", 1+x.c.pick(int(x.serverN)+1))
	case 7:
		if x.c.pick(12) == 0 {
			x.hangup()
		} else {
			x.do("wait %d.%d", x.c.pick(8), x.c.pick(10))
		}
	case 8, 9:
		methods := []string{"INVITE", "INVITE", "UPDATE", "INFO", "OPTIONS", "REFER", "FOO", "BYE"}
		m := methods[x.c.pick(len(methods))]
		if m == "BYE" && x.c.pick(4) != 0 {
			m = "ACK"
		}
		x.peer(m, tag, sdp)
	case 10:
		x.peer("ACK", "peer", sdp)
	case 11:
		x.do("request PRACK tag=%s%s | RAck: %d %d INVITE", tag, sdp, 1+x.c.pick(3), x.inviteSeq)
	case 12:
		x.cancel()
	default:
		x.respond(tag, sdp)
	}
}

func (x *chaos) do(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	x.trail = append(x.trail, s)
	x.play(s)
}

func (x *chaos) peer(method, tag, sdp string) {
	if method == "INVITE" {
		if x.inviteTx != 0 && !x.servers[x.inviteTx] && x.c.pick(3) != 0 {
			return
		}
		saved := x.inviteSeq
		x.do("request INVITE tag=%s%s", tag, sdp)
		if x.servers[x.serverN] && x.u.slot != slotUnacked { // refused at once: its ACK is the transaction's
			x.inviteSeq = saved
			return
		}
		x.inviteTx = x.serverN
		return
	}
	x.do("request %s tag=%s%s", method, tag, sdp)
}

func (x *chaos) cancel() {
	if x.inviteTx == 0 || x.servers[x.inviteTx] || x.canceled[x.inviteTx] || x.c.pick(6) != 0 {
		return
	}
	x.canceled[x.inviteTx] = true
	x.do("canceled")
}

// respond answers one of our requests as its transaction would let it through.
func (x *chaos) respond(tag, sdp string) {
	if x.u.nextTx == 0 {
		return
	}
	tx := TxID(1 + x.c.pick(int(x.u.nextTx)))
	req := x.sent[tx]
	invite := req.Method == sip.INVITE
	statuses := []int{100, 180, 183, 200, 200, 202, 302, 401, 407, 408, 422, 481, 486, 487, 491, 500}
	status := statuses[x.c.pick(len(statuses))]
	if x.finals[tx] {
		if !invite {
			return
		}
		status = 200 // only a 2xx comes again, or of a fork
	}
	if sip.ToTag(req) != "" {
		tag = sip.ToTag(req)
	}
	if x.finals[tx] && !x.again(req, tag) {
		return
	}
	extra := ""
	if status == 183 && x.c.pick(2) == 0 {
		extra = fmt.Sprintf(" | Require: 100rel | RSeq: %d | Allow: UPDATE", 1+x.c.pick(3))
	}
	if x.c.pick(9) == 0 && status != 401 && status != 407 {
		kind := []string{"timeout", "transport"}[x.c.pick(2)]
		if x.finals[tx] || invite && x.invites[tx] && kind == "timeout" {
			return
		}
		x.finals[tx] = true
		x.do("error %d %s", tx, kind)
		return
	}
	if status >= 200 {
		x.finals[tx] = true
		if invite && status < 300 && !x.released {
			x.success[fmt.Sprintf("%d %s", req.CSeq().SeqNo, tag)] = true
		}
	} else if invite {
		x.invites[tx] = true
	}
	if status == 422 {
		extra = " | Min-SE: 200"
	}
	if status == 401 {
		extra = ` | WWW-Authenticate: Digest realm="r", nonce="1"`
	}
	if status == 407 {
		extra = ` | Proxy-Authenticate: Digest realm="p", nonce="1"`
	}
	x.do("response %d %d tag=%s%s%s", tx, status, tag, sdp, extra)
}

// again: the INVITE was answered with a 2xx within the last 64·T1, which is how long its transaction hands over more of them.
func (x *chaos) again(req *sip.Request, tag string) bool {
	seq := req.CSeq().SeqNo
	if x.u.calling != nil && seq == x.u.calling.seq {
		return x.u.calling.answered
	}
	return x.success[fmt.Sprintf("%d %s", seq, tag)]
}

func (x *chaos) hangup() {
	x.hungUp = x.now
	x.do("hangup | Reason: Q.850;cause=16")
}

// run plays a sequence and then hangs up: everything must be over 64·T1 later.
func (x *chaos) run(steps int) {
	if x.c.pick(2) == 0 {
		x.do("new uac auth=yes session=%d", []int{0, 90, 600}[x.c.pick(3)])
		x.do("invite%s", []string{"", " sdp=o"}[x.c.pick(2)])
	} else {
		ext := []string{"", " | Supported: 100rel, timer", " | Require: 100rel", " | Supported: 100rel | Allow: UPDATE | Session-Expires: 90"}[x.c.pick(4)]
		x.do("new uas%s%s", []string{"", " sdp=o"}[x.c.pick(2)], ext)
		x.inviteTx = 1
	}
	for range steps {
		x.step()
	}
	if x.hungUp.IsZero() {
		x.hangup()
	}
	x.do("wait 64")
	if !x.released || x.ended != 1 {
		x.fail("not over 64·T1 after Hangup: released %v, ended %d", x.released, x.ended)
	}
	for tx := TxID(1); tx <= x.serverN; tx++ {
		if !x.servers[tx] && !x.canceled[tx] {
			x.fail("@%d never got a final response", tx)
		}
	}
}

func TestRandomSequences(t *testing.T) {
	runs := 3000
	if testing.Short() {
		runs = 300
	}
	for seed := range runs {
		x := newChaos(t, seeded{rand.New(rand.NewPCG(uint64(seed), 7))})
		x.trail = append(x.trail, fmt.Sprintf("# seed %d", seed))
		x.run(10 + seed%60)
	}
}

func FuzzUsage(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add([]byte("a call that rings, is answered and ends"))
	f.Fuzz(func(t *testing.T, data []byte) {
		newChaos(t, &byteChooser{data}).run(min(len(data)/3, 200))
	})
}
