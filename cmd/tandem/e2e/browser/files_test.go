package browser

import "testing"

// TestFiles sends a picture from the visitor to the agent and a text back. The record names both.
func TestFiles(t *testing.T) {
	g := house(t)
	var told struct{ Record string }
	play(t, g, "files.mjs", &told)
	var names []string
	for _, ev := range g.Record(t, told.Record).Events {
		if name := ev.Data["attachment-name"]; name != "" {
			names = append(names, string(ev.Kind)+" "+name)
		}
	}
	if len(names) != 2 || names[0] != "message-in broken bike.png" || names[1] != "message-out how to mend it.txt" {
		t.Errorf("the record names %q", names)
	}
}
