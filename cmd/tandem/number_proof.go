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
	sent []codeSent        // in the last hour; guarded by mu
}

type proof struct {
	number, code string
	until        time.Time
	wrong        int
}

type codeSent struct {
	number, by string
	at         time.Time
}

// Bounds of proofs: how long a code is good, how often one may be wrong about it, and how many codes are sent in an hour to one number, for
// one asker, and in all. Whoever pays for text messages wants the last one.
const (
	proofLife    = 10 * time.Minute
	proofTries   = 3
	codesNumber  = 3
	codesAsker   = 6
	codesInAll   = 300
	codesWithin  = time.Hour
	codeEvery    = 30 * time.Second // to one number
	codeText     = "%s is your code for a callback. It is good for ten minutes."
	proofNeedsIt = "We have sent a text message with a code to %s. Please write the code here."
)

// Why a number is not proven.
var (
	errProve     = errors.New("the code of the number is to be shown")
	errProofOver = errors.New("the code is not good any more")
	errProofRate = errors.New("too many codes were sent")
)

func newProofs() *proofs { return &proofs{live: map[string]*proof{}} }

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
	ofNumber, ofAsker := 0, 0
	for _, s := range p.sent {
		if s.number == number {
			if ofNumber++; now.Sub(s.at) < codeEvery {
				return "", errProofRate
			}
		}
		if s.by == by {
			ofAsker++
		}
	}
	if ofNumber >= codesNumber || ofAsker >= codesAsker || len(p.sent) >= codesInAll {
		return "", errProofRate
	}
	p.sent = append(p.sent, codeSent{number, by, now})
	p.live[word] = &proof{number: number, code: code, until: now.Add(proofLife)}
	return code, nil
}

// forgetLocked drops what time has made worthless: there is never more than was sent in an hour.
func (p *proofs) forgetLocked(now time.Time) {
	old := 0
	for old < len(p.sent) && now.Sub(p.sent[old].at) >= codesWithin {
		old++
	}
	p.sent = p.sent[old:]
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
