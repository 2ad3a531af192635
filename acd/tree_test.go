package acd

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestTreeAgainstSlice does the same to a tree and to a sorted slice.
func TestTreeAgainstSlice(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var tr tree[int]
	var sorted []*node[int]
	for i := range 20_000 {
		if len(sorted) == 0 || rnd.IntN(5) < 3 {
			n := &node[int]{key: key{a: int64(rnd.IntN(200)), b: int64(rnd.IntN(3)), id: string(rune(i))}, val: i}
			at, _ := slices.BinarySearchFunc(sorted, n, compareNodes)
			sorted = slices.Insert(sorted, at, n)
			tr.insert(n)
		} else {
			at := rnd.IntN(len(sorted))
			tr.remove(sorted[at])
			sorted = slices.Delete(sorted, at, at+1)
		}
		checkTree(t, &tr, sorted, rnd)
		if len(sorted) > 300 {
			for _, n := range sorted[:250] {
				tr.remove(n)
			}
			sorted = slices.Clone(sorted[250:])
		}
	}
}

func compareNodes(a, b *node[int]) int {
	if a.key.less(b.key) {
		return -1
	}
	if b.key.less(a.key) {
		return 1
	}
	return 0
}

func checkTree(t *testing.T, tr *tree[int], sorted []*node[int], rnd *rand.Rand) {
	t.Helper()
	if tr.len() != len(sorted) {
		t.Fatalf("len %d, want %d", tr.len(), len(sorted))
	}
	if len(sorted) == 0 {
		if tr.first() != nil || tr.at(0) != nil {
			t.Fatal("an empty tree has entries")
		}
		return
	}
	i := rnd.IntN(len(sorted))
	if tr.first() != sorted[0] || tr.at(i) != sorted[i] || tr.at(len(sorted)) != nil {
		t.Fatalf("entry %d of %d differs", i, len(sorted))
	}
	if got := tr.below(sorted[i].key); got != i {
		t.Fatalf("below: got %d, want %d", got, i)
	}
}

// TestTreeStaysShallow inserts in order, the worst case of a plain tree.
func TestTreeStaysShallow(t *testing.T) {
	var tr tree[int]
	for i := range 100_000 {
		tr.insert(&node[int]{key: key{a: int64(i)}})
	}
	if d := depth(tr.root); d > 60 {
		t.Errorf("depth %d of 100,000 entries", d)
	}
}

func depth[V any](n *node[V]) int {
	if n == nil {
		return 0
	}
	return 1 + max(depth(n.left), depth(n.right))
}

// TestDeadlinesAgainstSlice arms, moves and stops timers at random; what is due comes in order.
func TestDeadlinesAgainstSlice(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var d deadlines
	timers := make([]timer, 200)
	armed := map[*timer]bool{}
	now := epoch0
	for range 20_000 {
		tm := &timers[rnd.IntN(len(timers))]
		switch rnd.IntN(4) {
		case 0:
			d.stop(tm)
			delete(armed, tm)
		case 1:
			now = now.Add(time.Millisecond)
			last := time.Time{}
			for due := d.due(now); due != nil; due = d.due(now) {
				if due.at.Before(last) || due.at.After(now) || !armed[due] {
					t.Fatalf("due %v after %v at %v", due.at, last, now)
				}
				last = due.at
				delete(armed, due)
			}
			for tm := range armed {
				if !tm.at.After(now) {
					t.Fatalf("%v is overdue at %v", tm.at, now)
				}
			}
		default:
			d.arm(tm, now.Add(time.Duration(rnd.IntN(50))*time.Millisecond))
			armed[tm] = true
		}
		if len(d.heap) != len(armed) {
			t.Fatalf("%d in the heap, want %d", len(d.heap), len(armed))
		}
	}
}

// TestDeadlinesOfOneInstantKeepOrder fires those armed first first.
func TestDeadlinesOfOneInstantKeepOrder(t *testing.T) {
	var d deadlines
	timers := make([]timer, 50)
	for i := range timers {
		d.arm(&timers[i], epoch0)
	}
	for i := range timers {
		if got := d.due(epoch0); got != &timers[i] {
			t.Fatalf("%d is not the next", i)
		}
	}
}
