package registrar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// step is one REGISTER of a scene: when, with which Contact headers, and what the table holds afterwards, newest first.
type step struct {
	at     time.Duration
	lines  []string
	status int
	table  string // "contact:seconds", with "#reg-id" where there is one
}

const desk, soft = `+sip.instance="<urn:uuid:desk>"`, `+sip.instance="<urn:uuid:soft>"`

// scenes: several devices of one person over time.
var scenes = map[string][]step{
	"two telephones come and go": {
		{0, []string{"Contact: <sip:bob@a>;expires=600"}, 200, "a:600"},
		{time.Minute, []string{"Contact: <sip:bob@b>;expires=300", "Call-ID: b"}, 200, "b:300 a:540"},
		{2 * time.Minute, []string{"Contact: <sip:bob@a>;expires=600"}, 200, "a:600 b:240"},
		{3 * time.Minute, []string{"Contact: <sip:bob@b>;expires=0", "Call-ID: b"}, 200, "a:540"},
		{13 * time.Minute, []string{"Call-ID: query"}, 200, ""},
	},
	"an instance that moves keeps one binding": {
		{0, []string{"Contact: <sip:bob@10.0.0.1:1>;" + desk}, 200, "10.0.0.1:1:3600"},
		{time.Minute, []string{"Contact: <sip:bob@10.0.0.1:2>;" + desk, "Call-ID: rebooted", "CSeq: 1 REGISTER"}, 200, "10.0.0.1:2:3600"},
		{2 * time.Minute, []string{"Contact: <sip:bob@10.0.0.1:3>;" + soft}, 200, "10.0.0.1:3:3600 10.0.0.1:2:3540"},
		{3 * time.Minute, []string{"Contact: <sip:bob@elsewhere>;expires=0;" + desk}, 200, "10.0.0.1:3:3540"},
	},
	"two flows of one instance stand beside each other": {
		{0, []string{"Contact: <sip:bob@a>;reg-id=1;" + desk}, 200, "a#1:3600"},
		{0, []string{"Contact: <sip:bob@b>;reg-id=2;" + desk}, 200, "b#2:3600 a#1:3600"},
		{time.Minute, []string{"Contact: <sip:bob@c>;reg-id=1;" + desk}, 200, "c#1:3600 b#2:3540"},
		{time.Minute, []string{"Contact: <sip:bob@c>;reg-id=1;expires=0;" + desk}, 200, "b#2:3540"},
	},
	"many contacts in one request, whole or not at all": {
		{0, []string{"Contact: <sip:bob@a>;expires=100, <sip:bob@b>", "Contact: <sip:bob@c>;expires=300", "Expires: 200"}, 200, "c:300 b:200 a:100"},
		{0, []string{"Contact: <sip:bob@a>;expires=500, <sip:bob@d>;expires=5"}, 423, "c:300 b:200 a:100"},
		{0, []string{"Contact: <sip:bob@a>;expires=500, <tel:+49301>"}, 400, "c:300 b:200 a:100"},
		{0, []string{"Contact: <sip:bob@a>;expires=0, <sip:bob@b>;expires=0, <sip:bob@d>;expires=60"}, 200, "d:60 c:300"},
		{0, []string{"Contact: *", "Expires: 60"}, 400, "d:60 c:300"},
		{0, []string{"Contact: *, <sip:bob@d>", "Expires: 0"}, 400, "d:60 c:300"},
		{0, []string{"Contact: *", "Expires: 0"}, 200, ""},
	},
	"an old request of a device does not undo a newer one": {
		{0, []string{"Contact: <sip:bob@a>", "CSeq: 20 REGISTER"}, 200, "a:3600"},
		{time.Minute, []string{"Contact: <sip:bob@a>;expires=0", "CSeq: 19 REGISTER"}, 500, "a:3540"},
		{time.Minute, []string{"Contact: *", "Expires: 0", "CSeq: 20 REGISTER"}, 500, "a:3540"},
		{time.Minute, []string{"Contact: *", "Expires: 0", "CSeq: 1 REGISTER", "Call-ID: other"}, 200, ""},
	},
	"contacts are equal as URIs are, not as text": {
		{0, []string{"Contact: <sip:bob@Host.Example;transport=TCP>"}, 200, "Host.Example;transport=TCP:3600"},
		{0, []string{"Contact: \"Bob\" <sip:%62ob@host.example;transport=tcp;x=1>"}, 200, "host.example;transport=tcp;x=1:3600"},
		{0, []string{"Contact: <sip:bob@host.example>"}, 200, "host.example:3600 host.example;transport=tcp;x=1:3600"},
		{0, []string{"Contact: <sip:bob@host.example:5060>"}, 200, "host.example:5060:3600 host.example:3600 host.example;transport=tcp;x=1:3600"},
		{0, []string{"Contact: <sips:bob@host.example>"}, 200, "host.example:3600 host.example:5060:3600 host.example:3600 host.example;transport=tcp;x=1:3600"},
	},
	"limits of time": {
		{0, []string{"Contact: <sip:bob@a>;expires=999999999999"}, 200, "a:7200"},
		{0, []string{"Contact: <sip:bob@a>;expires=forever"}, 200, "a:3600"},
		{0, []string{"Contact: <sip:bob@a>", "Expires: 59"}, 423, "a:3600"},
		{0, []string{"Contact: <sip:bob@a>", "Expires: 60"}, 200, "a:60"},
		{time.Minute, []string{"Contact: <sip:bob@b>", "Call-ID: b"}, 200, "b:3600"},
	},
}

func TestScenes(t *testing.T) {
	for name, steps := range scenes {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, Config{})
			for i, st := range steps {
				s.send(st.at, st.status, st.lines...)
				if got := table(s.r, start.Add(st.at)); got != st.table {
					t.Errorf("step %d: got %q, want %q", i, got, st.table)
				}
			}
		})
	}
}

func table(r *Registrar, now time.Time) string {
	var out []string
	for _, b := range r.Lookup(bob, now) {
		_, text, _ := strings.Cut(b.Contact, "@")
		if b.RegID != 0 {
			text += fmt.Sprint("#", b.RegID)
		}
		out = append(out, fmt.Sprint(text, ":", int(b.Expires.Sub(now)/time.Second)))
	}
	return strings.Join(out, " ")
}
