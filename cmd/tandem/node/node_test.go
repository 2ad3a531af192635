package node

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/memory"
)

func place(name string, n byte) Place {
	host := netip.AddrFrom4([4]byte{10, 0, 0, n})
	return Place{Name: name, SIP: netip.AddrPortFrom(host, 5060), HTTP: netip.AddrPortFrom(host, 8080)}
}

// site is a store that nodes share.
type site struct {
	t     *testing.T
	disk  *memory.Disk
	store store.Store
}

func onSite(t *testing.T, play func(*site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &site{t: t, disk: memory.NewDisk()}
		var err error
		if s.store, err = memory.Open(s.disk, engine.Options{}); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.store.Close() }()
		play(s)
	})
}

// node is one that lives on another machine than all others.
func (s *site) node(name string, n byte) *Node {
	s.t.Helper()
	node, err := New(s.t.Context(), place(name, n), s.store, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	node.holder = name + " elsewhere:" + name
	return node
}

// told keeps where the owner was said to be.
type told struct {
	mu   sync.Mutex
	list []Place
}

func (w *told) moved(p Place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, p)
}

func (w *told) names() (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.list {
		names = append(names, p.Name)
	}
	return names
}

// await starts an Await; its tenure comes over the channel.
func await(t *testing.T, n *Node, w *told) <-chan *Tenure {
	got := make(chan *Tenure, 1)
	go func() {
		if tenure, err := n.Await(t.Context(), w.moved); err == nil {
			got <- tenure
		}
	}()
	return got
}

// keep keeps a tenure until the stop, which gives how it ended.
func keep(tenure *Tenure) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tenure.Keep(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// one tells whether a tenure has come.
func one(c <-chan *Tenure) (*Tenure, bool) {
	select {
	case x := <-c:
		return x, true
	default:
		return nil, false
	}
}

func TestOneKey(t *testing.T) {
	onSite(t, func(s *site) {
		a, b := s.node("a", 1), s.node("b", 2)
		if string(a.Key()) != string(b.Key()) || len(a.Key()) != 32 {
			t.Errorf("keys of %d and %d bytes, want the same of 32", len(a.Key()), len(b.Key()))
		}
	})
}

// owner makes a node the owner.
func (s *site) owner(n *Node) *Tenure {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
	defer cancel()
	tenure, err := n.Await(ctx, func(Place) {})
	if err != nil {
		s.t.Fatalf("%s does not own the calls: %v", n.place.Name, err)
	}
	return tenure
}

func TestSuccession(t *testing.T) {
	onSite(t, func(s *site) {
		a, b := s.node("a", 1), s.node("b", 2)
		if err := a.tell(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		first := s.owner(a)
		stop := keep(first)
		w := &told{}
		next := await(s.t, b, w)
		time.Sleep(time.Minute)
		if _, ok := one(next); ok {
			t.Fatal("two own the calls")
		}
		if names := w.names(); len(names) != 1 || names[0] != "a" {
			t.Errorf("told of %v, want of a, once", names)
		}
		if w.list[0] != a.Place() {
			t.Errorf("told of %+v, want %+v", w.list[0], a.Place())
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		died := time.Now()
		second := <-next
		if took := time.Since(died); took < TTL-renewEvery || took > TTL+askEvery {
			t.Errorf("followed after %v", took)
		}
		if since := died.Sub(second.Lived); since < 0 || since > renewEvery {
			t.Errorf("the last sign of life is %v before the death", since)
		}
		batch := func(tenure *Tenure) error {
			_, err := store.AppendWait(s.t.Context(), s.store, store.Batch{Now: true, Fence: tenure.Fence(),
				Documents: []store.Document{{Key: "x", Version: store.AnyVersion, Body: []byte("1")}}})
			return err
		}
		if err := batch(first); !errors.Is(err, store.ErrFenced) {
			t.Errorf("a write of the owner before: %v, want ErrFenced", err)
		}
		if err := batch(second); err != nil {
			t.Errorf("a write of the owner: %v", err)
		}
		if err := first.Keep(s.t.Context()); !errors.Is(err, ErrDeposed) {
			t.Errorf("the owner before goes on: %v", err)
		}
	})
}

func TestRelease(t *testing.T) {
	onSite(t, func(s *site) {
		first := s.owner(s.node("a", 1))
		next := await(s.t, s.node("b", 2), &told{})
		time.Sleep(time.Second)
		began := time.Now()
		if err := first.Release(s.t.Context()); err != nil {
			t.Fatal(err)
		}
		if <-next; time.Since(began) > askEvery {
			t.Errorf("followed after %v", time.Since(began))
		}
	})
}

// TestStoreGone: without a store nobody is deposed, and when it is back the owner of before is first.
func TestStoreGone(t *testing.T) {
	onSite(t, func(s *site) {
		a := s.node("a", 1)
		first := s.owner(a)
		next := await(s.t, s.node("b", 2), &told{})
		ended := make(chan error, 1)
		ctx, cancel := context.WithCancel(s.t.Context())
		go func() { ended <- first.Keep(ctx) }()
		time.Sleep(5 * time.Second)
		s.disk.Break(errors.New("gone"))
		time.Sleep(time.Minute)
		s.disk.Break(nil)
		time.Sleep(time.Minute)
		select {
		case err := <-ended:
			t.Fatalf("deposed by nobody: %v", err)
		default:
		}
		if _, ok := one(next); ok {
			t.Fatal("two own the calls")
		}
		_, err := store.AppendWait(s.t.Context(), s.store, store.Batch{Now: true, Fence: first.Fence(),
			Documents: []store.Document{{Key: "x", Version: store.AnyVersion, Body: []byte("1")}}})
		if err != nil {
			t.Errorf("a write of the owner, after the store was gone: %v", err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		<-next
	})
}

// TestKnown: nodes know each other's addresses, and forget those that are not heard of.
func TestKnown(t *testing.T) {
	onSite(t, func(s *site) {
		a, b := s.node("a", 1), s.node("b", 2)
		ctxA, endA := context.WithCancel(s.t.Context())
		ctxB, endB := context.WithCancel(s.t.Context())
		var both sync.WaitGroup
		both.Go(func() { _ = a.Tell(ctxA) })
		both.Go(func() { _ = b.Tell(ctxB) })
		time.Sleep(2 * tellEvery)
		if at := b.Place().SIP.Addr(); !a.Knows(at) || a.Knows(netip.MustParseAddr("10.0.0.9")) {
			t.Errorf("a knows b: %t, a stranger: %t", a.Knows(at), a.Knows(netip.MustParseAddr("10.0.0.9")))
		}
		endB()
		time.Sleep(2 * knownFor)
		if a.Knows(b.Place().SIP.Addr()) {
			t.Error("a still knows b, which is gone")
		}
		if list, err := a.Places(); err != nil || len(list) != 1 || list[0] != a.Place() {
			t.Errorf("places: %v %v", list, err)
		}
		endA()
		both.Wait()
	})
}

// TestDead: a process of this machine that has ended is dead; one that lives, or lives elsewhere, is not.
func TestDead(t *testing.T) {
	if dead("a " + life()) {
		t.Error("this process is dead")
	}
	child := exec.Command("sleep", "100")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	pid := child.Process.Pid
	holder := "a " + machine() + ":" + strconv.Itoa(pid) + ":" + startOf(pid)
	if dead(holder) {
		t.Errorf("%q is dead, but lives", holder)
	}
	if err := errors.Join(child.Process.Kill(), ignore(child.Wait())); err != nil {
		t.Fatal(err)
	}
	if !dead(holder) {
		t.Errorf("%q is not dead", holder)
	}
	for _, other := range []string{"", "a", "a elsewhere:1:2", "a " + machine(), "a " + machine() + ":x:y", "a " + machine() + ":" + strconv.Itoa(os.Getpid())} {
		if dead(other) {
			t.Errorf("%q is dead, which nobody can tell", other)
		}
	}
}

// ignore takes away that a process was killed.
func ignore(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// TestFollowsTheDeadAtOnce: nobody need wait for the lease of a process of this machine that has ended.
func TestFollowsTheDeadAtOnce(t *testing.T) {
	onSite(t, func(s *site) {
		a := s.node("a", 1)
		a.holder = "a " + machine() + ":999999999:1" // no process has such a number
		s.owner(a)
		began := time.Now()
		s.owner(s.node("b", 2))
		if took := time.Since(began); took > askEvery {
			t.Errorf("followed after %v", took)
		}
	})
}
