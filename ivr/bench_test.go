package ivr

import "testing"

// BenchmarkQueueCall runs a whole flow: queue, announcement, agent, goodbye.
func BenchmarkQueueCall(b *testing.B) {
	plan := prepare(b, Facts{}, queue).plan
	for b.Loop() {
		r := New(plan, "main", Facts{Answered: true})
		r.Step(Started{}, noon)
		r.Step(QueueAnnouncement{Ticket: 1, Position: 2}, noon)
		r.Step(PlayDone{3}, noon)
		r.Step(Digit{'9'}, noon)
		if !r.Ended() {
			b.Fatal("not ended")
		}
	}
}
