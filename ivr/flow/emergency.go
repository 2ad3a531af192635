package flow

import "time"

// Rescue is what the emergency flow says and where it leads. Without Queue the call is ended after the prompts.
type Rescue struct {
	Prompts []string
	Queue   string
	Music   string
}

// EmergencyName is the name of the emergency flow in journals and paths.
const EmergencyName = "emergency"

// Emergency builds the flow that runs when nothing else can: an announcement, then the default queue.
func Emergency(r Rescue) *Module {
	m := &Module{Name: EmergencyName, Start: "bye", TimeLimit: 30 * time.Minute, Visits: 1, Steps: map[string]*Step{
		"bye": {Name: "bye", kind: KindHangup, Hangup: &Hangup{Cause: 41}},
	}}
	if r.Music == "" {
		r.Music = "music/hold"
	}
	if r.Queue != "" {
		m.Start = "queue"
		m.Steps["queue"] = &Step{Name: "queue", kind: KindQueue, Exits: map[string]string{ExitTimeout: "bye", ExitRefused: "bye", ExitError: "bye"},
			Queue: &Queue{Name: r.Queue, MaxWait: 20 * time.Minute, Music: r.Music, Announce: Announce{Every: time.Minute}}}
	}
	if len(r.Prompts) > 0 {
		play := &Step{Name: "announce", kind: KindPlay, Play: &Play{}, Then: m.Start, Exits: map[string]string{ExitError: m.Start}}
		for _, p := range r.Prompts {
			play.Play.Prompt = append(play.Play.Prompt, Piece{File: p})
		}
		m.Start, m.Steps["announce"] = "announce", play
	}
	return m
}
