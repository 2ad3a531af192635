package dialog

import (
	"fmt"
	"strings"
	"time"

	"tandem/sip"
)

// Usage is the INVITE usage of one leg. Owned by its leg (one goroutine).
type Usage struct {
	cfg  Config
	now  time.Time // of the call that is running
	out  []Effect  // of the call that is running
	uac  bool
	cseq uint32 // last local CSeq
	rseq uint32 // last RSeq of ours

	state State     // does the relation exist: dialog_fsm.go
	slot  slotState // which INVITE is open: slot_fsm.go
	exit  exitState // how far our own leaving is: bye.go

	current *dialog       // the answered dialog, or the first early one
	calling *calling      // UAC: the initial INVITE, until 64·T1 after its 2xx
	inv     *incoming     // the peer's INVITE, until the ACK
	rel     *reliable     // UAS: the reliable provisional response without PRACK
	offer   *remoteOffer  // the offer that waits for Answer or Refuse
	waiting *waitingOffer // the offer of ours that waits for its turn
	local   Body          // our SDP in force
	open    Body          // our SDP in the open offer

	clients  []*clientTx // open client transactions
	servers  []incoming  // requests that wait for Reply
	nextTx   TxID
	session  session
	reason   []sip.Header // of Hangup
	due      [nDue]time.Time
	released bool
}

// NewUAC makes the usage of an outgoing call. Nothing is sent before Invite. It panics on a Config that Validate refuses.
func NewUAC(cfg Config) *Usage {
	u := newUsage(cfg, true)
	u.calling = &calling{}
	return u
}

func newUsage(cfg Config, uac bool) *Usage {
	if err := cfg.Validate(uac); err != nil {
		panic(fmt.Sprintf("dialog: %v", err))
	}
	cfg.clean()
	u := &Usage{cfg: cfg, uac: uac, cseq: cfg.CSeq}
	if u.cseq == 0 {
		u.cseq = 1 + uint32(cfg.random()*(1<<20))
	}
	u.cseq--
	u.rseq = uint32(cfg.random() * (1 << 20))
	return u
}

// NewUAS makes the usage of an incoming call from its INVITE and server transaction. The error is a *RefusedError with the response to
// send. No effect is due: 100 is the transaction room's. It panics on a Config that Validate refuses.
func NewUAS(cfg Config, invite *sip.Request, tx TxID) (*Usage, error) {
	if tag := sip.ToTag(invite); tag != "" {
		cfg.LocalTag = strings.Clone(tag)
	}
	if h := invite.CallID(); h != nil {
		cfg.CallID = strings.Clone(h.Value())
	}
	u := newUsage(cfg, false)
	if res := u.refuseInvite(invite); res != nil {
		return nil, &RefusedError{Response: res}
	}
	u.cfg.Local, u.cfg.Remote = addrOf(invite, "To"), addrOf(invite, "From")
	d := dialogFromRequest(invite)
	body, _ := bodyOf(invite)
	if !body.Empty() {
		d.turn, _, _ = turnMachine.Step(d.turn, turnRecvOffer)
	}
	u.current = d
	u.inv = &incoming{tx: tx, req: invite, seq: d.seq, initial: true, offered: !body.Empty()}
	u.slot, _, _ = slotMachine.Step(u.slot, slotRecv)
	return u, nil
}

// refuseInvite is the response to an initial INVITE that cannot become a usage.
func (u *Usage) refuseInvite(invite *sip.Request) *sip.Response {
	if invite.CSeq() == nil || invite.From() == nil || invite.To() == nil || invite.CallID() == nil {
		return u.response(invite, sip.StatusBadRequest, Body{})
	}
	if sip.FromTag(invite) == "" {
		return u.response(invite, sip.StatusBadRequest, Body{})
	}
	if cs, err := sip.Contacts(invite); err != nil || len(cs) != 1 || cs[0].Wildcard {
		return u.response(invite, sip.StatusBadRequest, Body{}) // RFC 3261 §8.1.1.8
	}
	return u.refusal(invite)
}

// Deadline is when OnTimer is next due; the zero time is never.
func (u *Usage) Deadline() time.Time {
	_, at := u.earliest()
	return at
}

// State is the state of the dialog machine.
func (u *Usage) State() State { return u.state }

// CallID is the Call-ID of the usage.
func (u *Usage) CallID() string { return u.cfg.CallID }

// LocalTag is our tag, the same in every dialog of the set.
func (u *Usage) LocalTag() string { return u.cfg.LocalTag }

// RemoteTag is the peer's tag in the current dialog: the answered one, or the first early one; empty when there is none.
func (u *Usage) RemoteTag() string {
	if u.current == nil {
		return ""
	}
	return u.current.remoteTag
}

// RemoteTarget is where requests of the current dialog go: the peer's Contact. False when there is no dialog yet.
func (u *Usage) RemoteTarget() (sip.URI, bool) {
	if u.current == nil {
		return sip.URI{}, false
	}
	return u.current.target, true
}

func (u *Usage) emit(e Effect) {
	if u.out == nil {
		u.out = make([]Effect, 0, 2)
	}
	u.out = append(u.out, e)
}

func (u *Usage) raise(e Event)  { u.emit(Effect{Kind: Raise, Event: e}) }
func (u *Usage) at(n time.Time) { u.now = n }

// take ends a call: what is left to do is done, and the effects are handed over.
func (u *Usage) take() []Effect {
	u.settle()
	out := u.out
	u.out = nil
	return out
}

func (u *Usage) misused(what string) {
	if u.state != StateTerminated {
		u.raise(Event{Kind: Misused, By: Local, Text: what + " in state " + u.state.String()})
	}
}

// stepTurn moves the offer/answer machine of d; false when the pair is not listed.
func (u *Usage) stepTurn(d *dialog, on turnOn) (turnDo, bool) {
	next, do, ok := turnMachine.Step(d.turn, on)
	d.turn = next
	return do, ok
}

func (u *Usage) stepSlot(on slotOn) slotDo {
	next, do, _ := slotMachine.Step(u.slot, on)
	u.slot = next
	return do
}
