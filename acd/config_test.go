package acd

import (
	"errors"
	"testing"
	"time"

	"tandem/acd/route"
)

func needing(i int) Enqueue {
	return Enqueue{Item{ID: "n" + string(rune('a'+i)), Queue: "billing", Media: Callback,
		Steps: route.Steps{{Need: route.Need{"s": i}}}}}
}

func TestValidateReportsAllFaults(t *testing.T) {
	cfg := parseConfig(t, `
queues:
  - {name: a, weight: -1, strategy: fastest, join_when: never, wrap_up: 5s, wrap_up_min: 6s, announce_every: 10ms}
  - {name: a, max_wait: -1s, max_waiting: -2, skills: {x: 200}, relax: [{after: 1s, need: {x: 1}}]}
  - {agents: [nobody]}
  - {name: "b c", agents: [z, z], tiers: {nobody: 1}}
  - {name: d, relax: [{need: {x: 1}}, {after: 0s, need: {x: 2, y: 101}}]}
  - {name: e, dispositions: [ok], default_disposition: none, sticky: -1s, overflow: [{after: 5s, to: f}, {after: 2s, to: nowhere}, {to: f, offer: callback}]}
  - {name: f, overflow: [{after: 5s}, {after: 5s, offer: voicemail}, {after: 6s, to: g, media: [pigeon]}]}
  - {name: g, overflow: [{after: 1m, to: e}]}
agents:
  - {id: z, queues: [nowhere], skills: {x: -1}, budget: -1, caps: {voice: -1, pigeon: 1}}
  - {id: z}
  - {}
media:
  voice: {weight: -1, max: -1, misses: -1, offer_timeout: -1s, wrap_up_share: 101, device: fax, hold: maybe, over: [pigeon],
    parked: -1, park_after: -1s, reply: -1s, grace: -1s, connect_timeout: -1s}
  chat: {parked: 31}
  pigeon: {}
lease: -1s
limits: {items: -1, needs: -1, why: -1, classes: -1}
`)
	var paths string
	for _, err := range cfg.Validate() {
		var f Fault
		if !errors.As(err, &f) {
			t.Fatalf("%v is no Fault", err)
		}
		paths += err.Error() + "\n"
	}
	golden(t, "faults.txt", []byte(paths))
}

func TestEffectiveFillsDefaults(t *testing.T) {
	cfg := Config{Queues: []QueueConfig{{Name: "q", Need: route.Need{"x": 1}}}, Agents: []AgentConfig{{ID: "a"}},
		Media: map[Media]MediaRule{Voice: {OfferTimeout: 7 * time.Second}, Chat: {Over: []Media{Chat}, Device: Phone, Hold: HoldLive}}}
	got := cfg.Effective()
	q := got.Queues[0]
	if q.Strategy != route.LongestIdle || q.Target != 20*time.Second || q.Weight != 1 || q.ShortAbandon != 5*time.Second ||
		len(q.Relax) != 1 || q.JoinWhen != JoinStaffed {
		t.Errorf("queue: %+v", q)
	}
	if v := got.Media[Voice]; v.OfferTimeout != 7*time.Second || v.Weight != 100 || v.Max != 1 || v.Hold != HoldLive {
		t.Errorf("voice: %+v", v)
	}
	if v := got.Media[Chat]; v.Device != Phone || v.Hold != HoldLive || len(v.Over) != 1 || v.Max != 3 {
		t.Errorf("chat: %+v", v)
	}
	if m := got.Media[Message]; m.Parked != 5 || m.Weight != 20 || m.Max != 10 || m.ParkAfter != 10*time.Minute || m.Grace != time.Minute ||
		got.Media[Chat].Reply != 2*time.Minute || got.Media[Callback].Connect != time.Minute || got.Lease != 15*time.Second ||
		q.Sticky != 20*time.Second {
		t.Errorf("message: %+v, lease %v, sticky %v", m, got.Lease, q.Sticky)
	}
	if got.Agents[0].Budget != 100 || got.Limits.Items != defaultItems || len(got.Media) != mediaCount {
		t.Errorf("got %+v", got.Limits)
	}
	if faults := got.Validate(); len(faults) != 0 {
		t.Errorf("effective: %v", faults)
	}
}

func TestMediaChannels(t *testing.T) {
	want := map[Media]string{Voice: "voice", Video: "voice", Callback: "callback", Chat: "chat", Message: "sms", Email: "email", Task: ""}
	for m, channel := range want {
		if got := m.Channel(); string(got) != channel {
			t.Errorf("%s: got %s, want %s", m, got, channel)
		}
	}
}
