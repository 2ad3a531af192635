package main

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestTextsAreFew(t *testing.T) {
	now := time.Unix(1e9, 0)
	l := textLimit{textLimits: textLimits{number: 3, asker: 6, all: 20, every: 30 * time.Second}}
	if err := l.take("+491", "a", now); err != nil {
		t.Fatal(err)
	}
	if err := l.take("+491", "b", now); !errors.Is(err, errTextRate) {
		t.Errorf("a second text at once: %v", err)
	}
	for n := 1; n < l.number; n++ {
		if now = now.Add(l.every); l.take("+491", "a", now) != nil {
			t.Errorf("text %d to a number is refused", n+1)
		}
	}
	if now = now.Add(l.every); l.take("+491", "c", now) == nil {
		t.Error("one number gets too many texts")
	}
	for n := l.number; n < l.asker; n++ {
		if l.take(fmt.Sprint("+492", n), "a", now) != nil {
			t.Errorf("text %d for an asker is refused", n+1)
		}
	}
	if l.take("+493", "a", now) == nil {
		t.Error("one asker gets too many texts")
	}
	for n := len(l.sent); n < l.all; n++ {
		if err := l.take(fmt.Sprint("+494", n), fmt.Sprint(n), now); err != nil {
			t.Fatal(n, err)
		}
	}
	if l.take("+495", "d", now) == nil {
		t.Error("there are too many texts in all")
	}
	if now = now.Add(textWithin); l.take("+491", "a", now) != nil || len(l.sent) != 1 {
		t.Errorf("after an hour %d texts are remembered", len(l.sent))
	}
}
