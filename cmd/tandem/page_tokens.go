package main

import (
	"crypto/rand"
	"strings"
	"sync"
	"time"
)

// pageTokens are words by which a call of a page says whose record it belongs to: issued and used within this process, each once.
type pageTokens struct {
	mu   sync.Mutex
	live map[string]pageToken // guarded by mu
	turn []string             // in order of issue; guarded by mu
}

type pageToken struct {
	record string
	until  time.Time
}

// Bounds of page tokens: how long one is good, and how many there may be.
const (
	pageTokenLife = time.Minute
	maxPageTokens = 10_000
)

func newPageTokens() *pageTokens { return &pageTokens{live: map[string]pageToken{}} }

// issue gives a token for a record; the oldest gives way when there are too many.
func (p *pageTokens) issue(record string) string {
	text := "pt" + strings.ToLower(rand.Text())
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.turn) > 0 && (len(p.turn) >= maxPageTokens || p.live[p.turn[0]].until.Before(now)) {
		delete(p.live, p.turn[0])
		p.turn = p.turn[1:]
	}
	p.live[text] = pageToken{record, now.Add(pageTokenLife)}
	p.turn = append(p.turn, text)
	return text
}

// take gives the record of a token, once.
func (p *pageTokens) take(text string) (record string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.live[text]
	delete(p.live, text)
	return t.record, ok && time.Now().Before(t.until)
}
