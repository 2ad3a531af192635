package b2bua

import (
	"testing"
	"time"

	"tandem/media"
)

var welcome = []media.Item{{Prompt: "demo/welcome"}}

// ivr answers, plays, and hangs up at 9 or after the second prompt.
func ivr(ev ScriptEvent) []Action {
	switch ev := ev.(type) {
	case Started:
		return []Action{Answer{}}
	case Answered:
		return []Action{Play{ID: 1, Items: welcome, Barge: true}}
	case DigitPressed:
		if ev.Digit == '9' {
			return []Action{HangUp{Kind: Normal}}
		}
		return []Action{Play{ID: 2, Items: welcome}}
	}
	return nil
}

func TestScript(t *testing.T) {
	scenario(t, "script_caller_hangs_up", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		r.wait(time.Second)
		r.engine.Press(1, '5')
		r.wait(time.Second)
		a.bye()
	})
	scenario(t, "script_hangs_up", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		r.wait(time.Second)
		r.engine.Press(1, '9')
		r.header(a.hungUp(), "Reason", "cause=16")
	})
}
