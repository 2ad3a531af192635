package ivr

import (
	"time"

	"tandem/ivr/flow"
)

// fault leaves the current step by its error exit, else goes to on_error, else to the emergency flow.
func (r *Run) fault(why string, now time.Time) {
	r.release("error")
	if r.leaving {
		r.finish("error: " + why)
		return
	}
	if r.rescued {
		r.hangup(41, "error: "+why)
		return
	}
	if r.steps >= MaxSteps || !r.limit.IsZero() && !now.Before(r.limit) {
		r.rescue(why, now)
		return
	}
	r.leave(flow.ExitError, now)
}

// errorTarget finds where an error leads, leaving sub-flows that do not handle it.
func (r *Run) errorTarget() string {
	for {
		f := r.top()
		if f.step != nil {
			if to := f.module.Target(f.step, flow.ExitError); to != "" && f.visits[to] < f.module.Visits {
				return to
			}
		}
		if to := f.module.OnError; to != "" && f.visits[to] < f.module.Visits {
			return to
		}
		if len(r.stack) == 1 {
			return ""
		}
		r.pop("error")
	}
}

// rescueTime bounds the emergency flow, talking time excluded.
const rescueTime = 30 * time.Minute

// rescue starts the emergency flow. It runs on the same machine, and a fault in it ends the call.
func (r *Run) rescue(why string, now time.Time) {
	for len(r.stack) > 1 {
		r.pop("error")
	}
	r.rescued, r.steps = true, 1
	r.limit = now.Add(rescueTime)
	r.stack = append(r.stack, newFrame(flow.Emergency(flow.Rescue(r.plan.Emergency))))
	r.enter(r.top().module.Start, now)
}
