package redis_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
	"tandem/store/redis"
)

// TestServerKilledInTheMiddle kills the server under load and starts it again: everything acknowledged is there, numbers have no gap,
// and the store goes on by itself.
func TestServerKilledInTheMiddle(t *testing.T) {
	_, server := serve(t)
	s, err := redis.Open(redis.Config{Address: server.address, Patience: 100 * time.Millisecond}, engine.Options{Probe: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var mu sync.Mutex
	acked := map[string]uint64{} // key → seq
	refused := 0
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				key := w*1_000_000 + i
				r, err := store.AppendWait(context.Background(), s, note("r_1", key))
				mu.Lock()
				switch {
				case err == nil:
					acked[fmt.Sprint(key)] = r.Seqs[0]
				case errors.Is(err, store.ErrUnhealthy):
					refused++
				default:
					t.Error(err)
				}
				mu.Unlock()
				if err != nil {
					<-time.After(time.Millisecond)
				}
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(acked) }
	reach(t, func() bool { return count() > 300 })
	server.kill()
	reach(t, func() bool { return s.Health() != nil })
	if _, err := s.Record("r_1"); !errors.Is(err, store.ErrUnhealthy) {
		t.Errorf("got %v, want reads refused while the server is gone", err)
	}
	if err := server.run(); err != nil {
		t.Fatal(err)
	}
	reach(t, func() bool { return s.Health() == nil })
	before := count()
	reach(t, func() bool { return count() > before+300 })
	cancel()
	wg.Wait()
	checkAcked(t, s, acked)
	t.Logf("%d acknowledged, %d refused", len(acked), refused)
	if refused == 0 {
		t.Error("nothing was refused: the server was never gone")
	}
}

func checkAcked(t *testing.T, s store.Store, acked map[string]uint64) {
	t.Helper()
	found := map[string]uint64{}
	for after := uint64(0); ; {
		list, err := s.Timeline("r_1", after, store.MaxRead)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.Seq != after+1 {
				t.Fatalf("got seq %d after %d", e.Seq, after)
			}
			after, found[e.Key] = e.Seq, e.Seq
		}
		if len(list) == 0 {
			break
		}
	}
	for key, seq := range acked {
		if found[key] != seq {
			t.Fatalf("acknowledged %s as %d, found %d", key, seq, found[key])
		}
	}
}

// reach waits until something holds, at most 20 s.
func reach(t *testing.T, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		if holds() {
			return
		}
		<-tick.C
	}
	t.Fatal("waited in vain")
}

// TestShortLossIsNotSeen restarts the server while nobody looks: a group of writes waits for it.
func TestShortLossIsNotSeen(t *testing.T) {
	_, server := serve(t)
	s, err := redis.Open(redis.Config{Address: server.address, Patience: 20 * time.Second}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	wait(t, s, note("r_1", 1))
	server.kill()
	answer := make(chan store.Receipt, 1)
	if err := s.Append(store.Batch{Now: true, Events: []journey.Event{note("r_1", 2).Events[0]}}, func(r store.Receipt) { answer <- r }); err != nil {
		if !errors.Is(err, store.ErrUnhealthy) {
			t.Fatal(err)
		}
		answer <- store.Receipt{Err: err} // the watcher was first: refused at the door is an answer, too
	}
	if err := server.run(); err != nil {
		t.Fatal(err)
	}
	if r := <-answer; r.Err != nil && !errors.Is(r.Err, store.ErrUnhealthy) {
		t.Fatal(r.Err)
	}
	reach(t, func() bool { return s.Health() == nil })
	if r := wait(t, s, note("r_1", 3)); r.Seqs[0] < 2 {
		t.Fatalf("got %+v", r)
	}
}

func TestEvictingServerIsRefused(t *testing.T) {
	dir, server := serve(t)
	configure(t, server, "maxmemory-policy", "allkeys-lru")
	if _, err := open(dir, engine.Options{}); !errors.Is(err, redis.ErrEvicts) {
		t.Fatalf("got %v, want ErrEvicts", err)
	}
	configure(t, server, "maxmemory-policy", "noeviction")
	s, err := open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if _, err := redis.Open(redis.Config{Address: "127.0.0.1:1", Timeout: time.Second}, engine.Options{}); err == nil {
		t.Fatal("got nil, want an error where no server is")
	}
}

// TestServerHangs stops the server without ending it: writes are refused in time, what was refused does not turn up behind what came
// later, and is there once when it is written again, though it has no key.
func TestServerHangs(t *testing.T) {
	_, server := serve(t)
	short := 200 * time.Millisecond
	s, err := redis.Open(redis.Config{Address: server.address, Patience: short, Timeout: short}, engine.Options{Probe: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	wait(t, s, note("r_1", 1))
	signal := func(sig syscall.Signal) {
		if err := server.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	began, refused := time.Now(), note("r_1", 2)
	refused.Events[0].Key = ""
	if _, err := store.AppendWait(context.Background(), s, refused); !errors.Is(err, store.ErrUnhealthy) {
		t.Errorf("got %v, want ErrUnhealthy", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("refused after %v", took)
	}
	signal(syscall.SIGCONT)
	reach(t, func() bool { return s.Health() == nil })
	wait(t, s, refused)
	wait(t, s, note("r_1", 3))
	list, err := s.Timeline("r_1", 0, 10)
	if err != nil || len(list) != 3 || list[2].Key != "3" {
		t.Fatalf("got %+v, %v, want three and the last one last", list, err)
	}
	for i, e := range list {
		if e.Seq != uint64(i+1) {
			t.Fatalf("got seq %d at place %d", e.Seq, i)
		}
	}
}

// TestLook: a server tells what it keeps over its own end.
func TestLook(t *testing.T) {
	_, s := serve(t)
	for _, x := range []struct {
		key, value string
		want       redis.Durable
		err        error
	}{
		{"appendfsync", "always", redis.All, nil}, {"appendfsync", "everysec", redis.ToTheSecond, nil}, {"appendonly", "no", redis.Nothing, nil},
		{"maxmemory-policy", "allkeys-lru", redis.Untold, redis.ErrEvicts},
	} {
		configure(t, s, x.key, x.value)
		if got, err := redis.Look(redis.Config{Address: s.address}); got != x.want || !errors.Is(err, x.err) {
			t.Errorf("%s %s: got %v %v, want %v %v", x.key, x.value, got, err, x.want, x.err)
		}
	}
	if _, err := redis.Look(redis.Config{Address: "127.0.0.1:1"}); err == nil {
		t.Error("nobody answers, and that is no error")
	}
}
