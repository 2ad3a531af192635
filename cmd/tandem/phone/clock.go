package phone

import (
	"sync"
	"time"
)

// slots spread the calls of a phone over the 20 ms of a frame.
const (
	slots    = 10
	slotTime = 20 * time.Millisecond / slots
)

// clock ticks all audio of a phone, each every 20 ms.
type clock struct {
	began time.Time
	over  chan struct{}
	wg    sync.WaitGroup // readers of audio

	mu   sync.Mutex
	all  [slots]map[*Audio]struct{} // guarded by mu
	next int                        // guarded by mu: slot of the next to come
}

func newClock() *clock {
	c := &clock{began: time.Now(), over: make(chan struct{})}
	for i := range c.all {
		c.all[i] = map[*Audio]struct{}{}
	}
	return c
}

func (c *clock) add(a *Audio) {
	c.mu.Lock()
	c.all[c.next][a] = struct{}{}
	c.next = (c.next + 1) % slots
	c.mu.Unlock()
}

func (c *clock) remove(a *Audio) {
	c.mu.Lock()
	for _, s := range c.all {
		delete(s, a)
	}
	c.mu.Unlock()
}

func (c *clock) stop() {
	close(c.over)
	c.wg.Wait()
}

// run ticks by the time that has passed, so that a late wake-up is caught up with.
func (c *clock) run() {
	t := time.NewTicker(slotTime)
	defer t.Stop()
	var list []*Audio
	for done := int64(0); ; {
		select {
		case <-c.over:
			return
		case <-t.C:
		}
		now := time.Since(c.began)
		for ; done < int64(now/slotTime); done++ {
			list = list[:0]
			c.mu.Lock()
			for a := range c.all[done%slots] {
				list = append(list, a)
			}
			c.mu.Unlock()
			for _, a := range list {
				a.tick(time.Duration(done) * slotTime)
			}
		}
	}
}
