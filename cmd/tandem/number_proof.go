package main

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// proofs are numbers that somebody says are his, until he has shown the code that was sent there. They are of this process only: after a
// restart he asks for another code.
type proofs struct {
	mu   sync.Mutex
	live map[string]*proof // by the asker's word for it; guarded by mu
	sent textLimit
}

type proof struct {
	number, code string
	until        time.Time
	wrong        int
}

// codeLimits bounds the codes that are sent.
var codeLimits = textLimits{number: 3, asker: 6, all: 300, every: 30 * time.Second}

// Bounds of proofs: how long a code is good, and how often one may be wrong about it.
const (
	proofLife  = 10 * time.Minute
	proofTries = 3
)

// Why a number is not proven.
var (
	errProve     = errors.New("the code of the number is to be shown")
	errProofOver = errors.New("the code is not good any more")
)

func newProofs() *proofs {
	return &proofs{live: map[string]*proof{}, sent: textLimit{textLimits: codeLimits}}
}

// begin makes a code for a number; by is who asks: an address, a conversation. A new code of the same word replaces the one before.
func (p *proofs) begin(word, number, by string, now time.Time) (code string, err error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	code = fmt.Sprintf("%06d", n)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetLocked(now)
	if err := p.sent.take(number, by, now); err != nil {
		return "", err
	}
	p.live[word] = &proof{number: number, code: code, until: now.Add(proofLife)}
	return code, nil
}

// forgetLocked drops what time has made worthless: there is never more than was sent in an hour.
func (p *proofs) forgetLocked(now time.Time) {
	for word, x := range p.live {
		if !now.Before(x.until) {
			delete(p.live, word)
		}
	}
}

// show tells whether a code proves a number: errProve if it is wrong and may be tried again, errProofOver if not.
func (p *proofs) show(word, number, code string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.live[word]
	switch {
	case x == nil || !now.Before(x.until) || x.number != number:
		return errProofOver
	case subtle.ConstantTimeCompare([]byte(x.code), []byte(code)) == 1:
		delete(p.live, word)
		return nil
	}
	if x.wrong++; x.wrong >= proofTries {
		delete(p.live, word)
		return errProofOver
	}
	return errProve
}
