package softphone

import (
	"errors"
	"strconv"
	"time"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/transaction"
)

// Times of the registration.
const (
	maxExpires = 24 * time.Hour
	leastRetry = 2 * time.Second // doubled with each refusal
	mostRetry  = 2 * time.Minute
)

// registration is the binding of a phone. Owned by it.
type registration struct {
	state   regState
	callID  string
	tag     string
	cseq    uint32 // of the last REGISTER: only its answer counts
	asked   time.Duration
	granted time.Duration
	refused int // in a row
	due     time.Time
	status  int
	reason  string
}

// registration takes a step of the binding's machine.
func (p *Phone) registration(on regOn) {
	r := &p.reg
	next, do, ok := regMachine.Step(r.state, on)
	if !ok {
		return
	}
	r.state = next
	if do&regSend != 0 {
		p.register(true)
	}
	if do&regRemove != 0 {
		p.register(false)
	}
	if do&regArm != 0 {
		r.refused, r.due = 0, p.now.Add(refreshAfter(r.granted))
	}
	if do&regBackOff != 0 {
		r.due = p.now.Add(r.backOff(p.set.cfg.Rand()))
	}
	if do&regDisarm != 0 {
		r.due = time.Time{}
	}
	if do&regTell != 0 {
		p.tell(Registered{OK: r.state == regRegistered, Status: r.status, Reason: r.reason})
	}
}

// refreshAfter leaves time for a second try.
func refreshAfter(granted time.Duration) time.Duration {
	return max(min(granted/2, granted-30*time.Second), granted/4, time.Second)
}

// backOff is the time until the next try, spread so that phones that were refused together do not come back together.
func (r *registration) backOff(chance float64) time.Duration {
	r.refused++
	d := min(leastRetry<<min(r.refused-1, 10), mostRetry)
	return d/2 + time.Duration(chance*float64(d/2))
}

// register sends a REGISTER that binds, or takes the binding back.
func (p *Phone) register(bind bool) {
	r := &p.reg
	if r.callID == "" {
		r.callID, r.tag, r.asked = sip.NewCallID(), sip.NewTag(), p.set.cfg.Expires
	}
	r.cseq++
	seq, expires := r.cseq, time.Duration(0)
	if bind {
		expires = r.asked
	}
	_, err := p.set.layer.Send(p.registerRequest(expires), transaction.To(p.flow), func(ev transaction.ClientEvent) {
		switch {
		case ev.Err != nil:
			p.mail(unregistered{seq, ev.Err})
		case ev.Done: // in the phone's goroutine
			p.judged(seq, ev.Response)
		}
	})
	if err != nil {
		p.mail(unregistered{seq, err})
	}
}

func (p *Phone) registerRequest(expires time.Duration) *sip.Request {
	r := &p.reg
	req := sip.NewRequest(sip.REGISTER, sip.URI{Scheme: "sip", Host: p.set.cfg.Domain})
	callID := base.CallIDHeader(r.callID)
	req.AppendHeader(&base.FromHeader{DisplayName: sip.Escape(p.aor.Display), Address: p.aor.URI, Params: base.HeaderParams{{K: "tag", V: r.tag}}})
	req.AppendHeader(&base.ToHeader{Address: p.aor.URI})
	req.AppendHeader(&callID)
	req.AppendHeader(&base.CSeqHeader{SeqNo: r.cseq, MethodName: sip.REGISTER})
	seconds := strconv.Itoa(int(expires / time.Second))
	req.AppendHeader(sip.NewHeader("Contact", "<"+p.self.String()+`>;+sip.instance="<`+p.unit+`>";reg-id=1;expires=`+seconds))
	req.AppendHeader(sip.NewHeader("Expires", seconds))
	req.AppendHeader(sip.NewHeader("Supported", "path, outbound"))
	req.AppendHeader(sip.NewHeader("User-Agent", p.set.cfg.UserAgent))
	req.SetBody(nil)
	return req
}

// unregistered is a REGISTER that got no final response.
type unregistered struct {
	seq uint32
	err error
}

func (u unregistered) open(p *Phone) {
	if u.seq != p.reg.cseq {
		return
	}
	p.reg.status = sip.StatusServiceUnavailable
	if errors.Is(u.err, transaction.ErrTimeout) {
		p.reg.status = sip.StatusRequestTimeout
	}
	p.reg.reason = sip.Phrase(p.reg.status)
	p.registration(regRefused)
}

// judged takes the final response to a REGISTER.
func (p *Phone) judged(seq uint32, res *sip.Response) {
	r := &p.reg
	if seq != r.cseq {
		return
	}
	r.status, r.reason = res.StatusCode, short(res.Reason)
	least, given := sip.Seconds(sip.HeaderText(res, "Min-Expires"))
	switch {
	case res.StatusCode < 300:
		r.granted = p.granted(res)
		p.registration(regOK)
	case res.StatusCode == sip.StatusIntervalTooBrief && given && least > r.asked && least <= maxExpires:
		r.asked = least
		p.registration(regBrief)
	default:
		p.registration(regRefused)
	}
}

// granted finds the time that our Contact was given.
func (p *Phone) granted(res *sip.Response) time.Duration {
	contacts, _ := sip.Contacts(res) // one that cannot be read is another device's
	for _, c := range contacts {
		if c.HasExpires && c.URI.Host == p.self.Host {
			return min(c.Expires, maxExpires)
		}
	}
	if d, ok := sip.Expires(res); ok {
		return min(d, maxExpires)
	}
	return p.reg.asked
}
