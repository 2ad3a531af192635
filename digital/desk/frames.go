package desk

// request is a type of frame from the page: who may send it and what it does.
type request struct {
	agents   bool // only for somebody who works as an agent
	watchers bool // only for supervisors
	do       func(Rooms, Person, in) (out, error)
}

// frames are all frames that a page may send.
var frames = map[string]request{
	"agent.set": agent(func(r Rooms, a string, f in) error { return r.SetState(a, f.State, f.Reason) }),

	"offer.accept": agent(func(r Rooms, a string, f in) error { return r.Accept(a, f.Offer, f.SDP) }),
	"offer.reject": agent(func(r Rooms, a string, f in) error { return r.Reject(a, f.Offer) }),

	"call.dial": {agents: true, do: func(r Rooms, p Person, f in) (out, error) {
		if f.To == "" || f.SDP == "" {
			return out{}, ErrInvalid
		}
		id, err := r.Dial(p.Agent, f.To, f.Record, f.SDP)
		return out{ID: id}, err
	}},
	"call.answer":   agent(func(r Rooms, a string, f in) error { return r.Answer(a, f.Call, f.SDP) }),
	"call.hangup":   agent(func(r Rooms, a string, f in) error { return r.Hangup(a, f.Call) }),
	"call.hold":     agent(func(r Rooms, a string, f in) error { return r.Hold(a, f.Call, f.SDP, true) }),
	"call.resume":   agent(func(r Rooms, a string, f in) error { return r.Hold(a, f.Call, f.SDP, false) }),
	"call.digits":   agent(func(r Rooms, a string, f in) error { return r.Digits(a, f.Call, f.Digits) }),
	"call.transfer": agent(func(r Rooms, a string, f in) error { return r.Transfer(a, f.Call, f.To) }),
	"call.join":     agent(func(r Rooms, a string, f in) error { return r.Join(a, f.Call, f.Other) }),
	"rtc.offer":     agent(func(r Rooms, a string, f in) error { return r.Reattach(a, f.Call, f.SDP) }),

	"msg.send": agent(func(r Rooms, a string, f in) error {
		if f.ID == "" || f.Text == "" && f.File == "" {
			return ErrInvalid
		}
		return r.Say(a, f.Conv, f.ID, f.Text, f.File)
	}),
	"msg.read": agent(func(r Rooms, a string, f in) error { return r.Read(a, f.Conv, f.Seq) }),
	"typing":   agent(func(r Rooms, a string, f in) error { return r.Typing(a, f.Conv, f.On) }),
	"sms.send": agent(func(r Rooms, a string, f in) error {
		if f.ID == "" || f.Text == "" {
			return ErrInvalid
		}
		return r.SMS(a, f.Record, f.To, f.ID, f.Text)
	}),
	"transcript": {do: func(r Rooms, p Person, f in) (out, error) {
		list, err := r.Transcript(p, f.Conv, f.Seq)
		return out{T: "transcript", ID: f.Conv, Messages: list}, err
	}},

	"item.end":  agent(func(r Rooms, a string, f in) error { return r.EndItem(a, f.Item) }),
	"item.move": agent(func(r Rooms, a string, f in) error { return r.MoveItem(a, f.Item, f.To) }),
	"wrapup":    agent(func(r Rooms, a string, f in) error { return r.WrapUp(a, f.Item, f.Code, f.Text) }),
	"note":      agent(func(r Rooms, a string, f in) error { return r.Note(a, f.Record, f.Text) }),
	"story": {do: func(r Rooms, p Person, f in) (out, error) {
		story, err := r.Story(p, f.Record)
		if err != nil {
			return out{}, err
		}
		return out{T: "story", Story: &story}, nil
	}},

	"listen": {watchers: true, do: func(r Rooms, p Person, f in) (out, error) {
		id, err := r.Listen(p, f.To, f.SDP)
		return out{ID: id}, err
	}},
	"listen.again": {watchers: true, do: func(r Rooms, p Person, f in) (out, error) { return out{}, r.Relisten(p, f.Call, f.SDP) }},
	"listen.stop":  {watchers: true, do: func(r Rooms, p Person, f in) (out, error) { return out{}, r.Unlisten(p, f.Call) }},
}

// agent is a request that is answered by ack alone.
func agent(do func(r Rooms, agent string, f in) error) request {
	return request{agents: true, do: func(r Rooms, p Person, f in) (out, error) { return out{}, do(r, p.Agent, f) }}
}
