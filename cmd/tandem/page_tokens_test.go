package main

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPageTokenIsGoodOnceAndForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPageTokens()
		first, late := p.issue("r_1"), p.issue("r_2")
		if record, ok := p.take(first); !ok || record != "r_1" {
			t.Fatalf("got %q, %v, want r_1", record, ok)
		}
		if record, ok := p.take(first); ok {
			t.Fatalf("a used token gives %q", record)
		}
		time.Sleep(pageTokenLife)
		if record, ok := p.take(late); ok {
			t.Fatalf("an old token gives %q", record)
		}
		if _, ok := p.take(""); ok {
			t.Fatal("no token is one")
		}
	})
}

func TestPageTokensAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPageTokens()
		oldest, second := p.issue("r_0"), p.issue("r_1")
		for range maxPageTokens - 1 {
			p.issue("r")
		}
		if _, ok := p.take(oldest); ok {
			t.Error("the oldest token did not give way")
		}
		if _, ok := p.take(second); !ok {
			t.Error("more than the oldest gave way")
		}
		if len(p.live) > maxPageTokens || len(p.turn) > maxPageTokens {
			t.Errorf("%d tokens, %d turns, want at most %d", len(p.live), len(p.turn), maxPageTokens)
		}
		time.Sleep(pageTokenLife + time.Second)
		if p.issue("r"); len(p.live) != 1 || len(p.turn) != 1 {
			t.Errorf("%d tokens, %d turns, want the old ones forgotten", len(p.live), len(p.turn))
		}
	})
}
