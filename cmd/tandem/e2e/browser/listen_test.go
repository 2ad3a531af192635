package browser

import "testing"

// TestListen: a supervisor without a phone of his own listens to a call from his page. He hears both, neither hears him; the call goes on
// when he stops, and he is told when it ends. The record says who listened.
func TestListen(t *testing.T) {
	g := house(t)
	play(t, g, "listen.mjs", nil)
	g.Idle(t)
	records := g.Records(t)
	if len(records) != 1 {
		t.Fatalf("%d records, want that of the call alone: %+v", len(records), records)
	}
	r := g.Record(t, records[0].ID)
	n := kinds(r)
	if n["joined voice"] != 2 || n["left voice"] != 2 || n["interaction-started"] != 1 {
		t.Errorf("%d joined, %d left, %d calls began; want 2, 2 and 1", n["joined voice"], n["left voice"], n["interaction-started"])
	}
	for _, ev := range r.Events {
		if (ev.Kind == "joined" || ev.Kind == "left") && ev.Actor != "supervisor:sue" {
			t.Errorf("%s by %q", ev.Kind, ev.Actor)
		}
	}
}
