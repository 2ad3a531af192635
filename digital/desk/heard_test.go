package desk

import "testing"

// TestHeard: what concerns a supervisor's listening reaches his pages, though he is no agent, and nobody else's.
func TestHeard(t *testing.T) {
	r := newRig(t)
	sue, anna := r.open("user=sue&role=supervisor"), r.open("user=anna&agent=anna&role=agent")
	sue.read("snapshot")
	anna.read("snapshot")
	r.s.Heard("sue", "c_2", "v=0")
	r.s.HeardGone("sue", "c_2", "over")
	r.s.Answer("anna", "c_3", "v=1")
	if o := sue.read("rtc.answer"); o.ID != "c_2" || o.SDP != "v=0" {
		t.Errorf("%+v", o)
	}
	if o := sue.read("call.gone"); o.ID != "c_2" || o.Why != "over" {
		t.Errorf("%+v", o)
	}
	if o := anna.read("rtc.answer"); o.ID != "c_3" {
		t.Errorf("anna was told %+v", o)
	}
}

// TestListeningOverAReload: a page that comes back is told what its supervisor listens to and takes it up again; agents are told of
// nobody who hears them.
func TestListeningOverAReload(t *testing.T) {
	r := newRig(t)
	r.rooms.hears = Hearing{Call: "c_2", Agent: "anna"}
	r.rooms.agents = []Agent{{Agent: "anna", Listeners: []string{"sue"}}}
	r.s.pushBoard()
	sue := r.open("user=sue&role=supervisor")
	if o := sue.read("snapshot"); o.Hears == nil || *o.Hears != r.rooms.hears {
		t.Errorf("the supervisor's snapshot has %+v", o.Hears)
	}
	sue.send(`{"t":"listen.again","id":"1","call":"c_2","sdp":"v=0"}`)
	sue.read("ack")
	r.rooms.mu.Lock()
	if asked := r.rooms.asked; len(asked) == 0 || asked[len(asked)-1] != "relisten sue c_2 v=0" {
		t.Errorf("the house was asked %q", asked)
	}
	r.rooms.mu.Unlock()
	r.s.pushBoard()
	if o := sue.read("board"); len(o.Agents) != 1 || len(o.Agents[0].Listeners) != 1 {
		t.Errorf("the supervisor sees %+v", o.Agents)
	}
	anna := r.open("user=anna&agent=anna&role=agent")
	if o := anna.read("snapshot"); o.Hears != nil || o.Me == nil || o.Me.Listeners != nil {
		t.Errorf("the agent sees %+v %+v", o.Hears, o.Me)
	}
}
