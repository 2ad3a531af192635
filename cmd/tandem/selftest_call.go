package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"tandem/cmd/tandem/control"
)

// The tones of the self-test: frequencies in Hz that are no key's, at a level in dBm0, heard within tolerance in dB.
const (
	callerTone = 500.0
	agentTone  = 800.0
	trialLevel = -12.0
	tolerance  = 1.0
	silent     = -40.0 // below it nothing was said
	echoAt     = -35.0 // one's own tone must be below it
)

// hearTime is how long a prompt, music or tone may take to be heard.
const hearTime = 4 * time.Second

func (t *trial) steps() []trialStep {
	return []trialStep{
		{"the gateway answers", t.prepare},
		{"the agent's phone registers", t.openPhones},
		{"a call to " + trialNumber + " over the trunk is answered", t.dial},
		{"the caller hears a prompt", t.hearPrompt},
		{"key " + trialKey + " leads into the queue", t.press},
		{"the caller hears music while waiting", t.hearMusic},
		{"the agent signs in and his phone rings", t.ring},
		{"the agent answers, both are connected", t.connect},
		{"each hears the other, and not himself", t.hearBoth},
		{"the caller hangs up, the agent's side ends", t.hangUp},
		{"the record tells the whole call", t.checkRecord},
		{"the recording holds the caller left, the agent right", t.checkRecording},
		{"the call detail record is written", t.checkCDR},
	}
}

func (t *trial) dial(ctx context.Context) (string, error) {
	t.began = time.Now()
	var err error
	if t.call, err = t.carrier.Dial(ctx, trialNumber, trialCaller); err != nil {
		return "", err
	}
	calls, err := t.gateway.Calls(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range calls {
		if c.Caller == trialCaller && c.Trunk == t.plan.trunk {
			t.id, t.record = c.ID, c.Record
		}
	}
	if t.id == "" {
		return "", fmt.Errorf("it is answered, but not among the %d calls that the gateway lists", len(calls))
	}
	return t.id, nil
}

// hear waits until something louder than silence came for half a second.
func (t *trial) hear(ctx context.Context) (string, error) {
	a := t.call.Audio()
	err := poll(ctx, hearTime, func() (bool, error) { return a.Level() > silent, t.still() })
	if err != nil {
		return "", fmt.Errorf("%.0f dBm0 from %d packets: %w", a.Level(), a.Counters().Received, err)
	}
	return fmt.Sprintf("at %.0f dBm0", a.Level()), nil
}

func (t *trial) hearPrompt(ctx context.Context) (string, error) { return t.hear(ctx) }

func (t *trial) hearMusic(ctx context.Context) (string, error) {
	t.call.Audio().Forget()
	return t.hear(ctx)
}

// still is an error once the caller's side is over.
func (t *trial) still() error {
	select {
	case <-t.call.Ended():
		return errors.New("the gateway hung up")
	default:
		return nil
	}
}

// press presses the key until the call waits in the queue: a flow may play a welcome first that no key interrupts.
func (t *trial) press(ctx context.Context) (string, error) {
	pressed, next := 0, time.Now()
	err := poll(ctx, 20*time.Second, func() (bool, error) {
		if !time.Now().Before(next) {
			pressed, next = pressed+1, time.Now().Add(2*time.Second)
			if err := t.call.Audio().Press(trialKey); err != nil {
				return false, err
			}
		}
		q, err := t.gateway.Queue(ctx, t.plan.queue)
		for _, it := range q.Items {
			if it.Call == t.id {
				return true, err
			}
		}
		return false, errors.Join(err, t.still())
	})
	if err != nil {
		return "", fmt.Errorf("pressed %d times: %w", pressed, err)
	}
	return fmt.Sprintf("%s, pressed %d times", t.plan.queue, pressed), nil
}

func (t *trial) ring(ctx context.Context) (string, error) {
	if _, err := t.gateway.SetAgent(ctx, t.plan.agent, control.AgentChange{State: "available"}); err != nil {
		return "", err
	}
	select {
	case t.agent = <-t.desk.Incoming():
		return "from " + t.agent.Caller, nil
	case <-t.call.Ended():
		return "", errors.New("the gateway hung up on the caller")
	case <-time.After(5 * time.Second):
		return "", errLate
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (t *trial) connect(ctx context.Context) (string, error) {
	if err := t.agent.Answer(ctx); err != nil {
		return "", err
	}
	err := poll(ctx, 5*time.Second, func() (bool, error) {
		c, err := t.gateway.Call(ctx, t.id)
		return c.State == "connected", errors.Join(err, t.still())
	})
	return "", err
}

func (t *trial) hearBoth(ctx context.Context) (string, error) {
	caller, agent := t.call.Audio(), t.agent.Audio()
	caller.Tone(callerTone, trialLevel)
	agent.Tone(agentTone, trialLevel)
	err := poll(ctx, hearTime, func() (bool, error) {
		return near(caller.Heard(agentTone)) && near(agent.Heard(callerTone)), t.still()
	})
	saw := fmt.Sprintf("caller hears %.1f dBm0, agent hears %.1f, sent at %.1f", caller.Heard(agentTone), agent.Heard(callerTone), trialLevel)
	if err != nil {
		return "", fmt.Errorf("%s: %w", saw, err)
	}
	if own := max(caller.Heard(callerTone), agent.Heard(agentTone)); own > echoAt {
		return "", fmt.Errorf("one hears himself at %.1f dBm0", own)
	}
	c := caller.Counters()
	if lost := c.Lost + agent.Counters().Lost; lost > 0 {
		return "", fmt.Errorf("%s, but %d packets are missing", saw, lost)
	}
	return saw, nil
}

func near(level float64) bool { return math.Abs(level-trialLevel) <= tolerance }

func (t *trial) hangUp(ctx context.Context) (string, error) {
	if err := t.call.Hangup(ctx); err != nil {
		return "", err
	}
	select {
	case <-t.agent.Ended():
	case <-time.After(5 * time.Second):
		return "", fmt.Errorf("BYE to the agent: %w", errLate)
	}
	err := poll(ctx, 5*time.Second, func() (bool, error) {
		calls, err := t.gateway.Calls(ctx)
		for _, c := range calls {
			if c.ID == t.id {
				return false, err
			}
		}
		return true, err
	})
	return fmt.Sprintf("after %s", time.Since(t.began).Round(100*time.Millisecond)), err
}
