package engine

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"tandem/store"
	"tandem/store/journey"
)

// keySize is that of AES-256.
const keySize = 32

// errDestroyed means that the data key is gone: an erasure destroyed it.
var errDestroyed = errors.New("data key was destroyed")

// seal is a data key at work. A sealed value is: JSON for everybody, a zero byte, slot (8), nonce and ciphertext.
type seal struct {
	slot uint64
	aead cipher.AEAD
}

func newSeal(slot uint64, key []byte) (*seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &seal{slot, aead}, nil
}

// close gives the value that holds public for everybody and private under the key; owner binds it to its place.
func (s *seal) close(public, private []byte, owner string) []byte {
	v := make([]byte, 0, len(public)+9+len(private)+s.aead.Overhead())
	v = append(append(v, public...), 0)
	v = binary.BigEndian.AppendUint64(v, s.slot)
	return s.aead.Seal(v, nil, private, []byte(owner))
}

// split takes a value apart; slot is 0 if nothing in it is sealed.
func split(v []byte) (public []byte, slot uint64, sealed []byte) {
	public, rest, ok := bytes.Cut(v, []byte{0})
	if !ok || len(rest) < 8 {
		return public, 0, nil
	}
	return public, binary.BigEndian.Uint64(rest), rest[8:]
}

// opener reads sealed values in one transaction.
type opener struct {
	tx   Tx
	last *seal // events of one record share a key
}

// open reads what is sealed in a value into the same form again; errDestroyed if that cannot be any more.
func (o *opener) open(v []byte, owner string, public, private any) error {
	plain, slot, sealed := split(v)
	if err := json.Unmarshal(plain, public); err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	if slot == 0 {
		return nil
	}
	if o.last == nil || o.last.slot != slot {
		key := o.tx.Get(vault, numbered(nil, slot))
		if len(key) != keySize {
			return errDestroyed
		}
		s, err := newSeal(slot, key)
		if err != nil {
			return err
		}
		o.last = s
	}
	raw, err := o.last.aead.Open(nil, nil, sealed, []byte(owner))
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	if err := json.Unmarshal(raw, private); err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return nil
}

// newKey makes a data key and puts it into the vault, unless the vault made one ahead.
func newKey(tx Tx) (*seal, error) {
	slot, err := nextSlot(tx)
	if err != nil {
		return nil, err
	}
	if _, remote := tx.(Remote); !remote {
		if key := tx.Get(vault, numbered(nil, slot)); len(key) == keySize {
			return newSeal(slot, key)
		}
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	if err := tx.Put(vault, numbered(nil, slot), key); err != nil {
		return nil, err
	}
	return newSeal(slot, key)
}

var slotCounter = []byte("slots")

func nextSlot(tx Tx) (uint64, error) {
	if r, ok := tx.(Remote); ok {
		return r.Slot(), nil
	}
	last, _ := unpair(tx.Get(meta, slotCounter))
	return last + 1, tx.Put(meta, slotCounter, pair(last+1, 0))
}

// sealOf gives the data key of a slot, or a new one if there is none.
func sealOf(tx Tx, slot uint64) (*seal, error) {
	if slot != 0 {
		if key := tx.Get(vault, numbered(nil, slot)); len(key) == keySize {
			return newSeal(slot, key)
		}
	}
	return newKey(tx)
}

// sealFor gives the data key of a record, made when something is to be sealed for the first time. Only the writer calls it.
func (e *Engine) sealFor(tx Tx, h *head) (*seal, error) {
	if h.seal != nil {
		return h.seal, nil
	}
	s, err := sealOf(tx, h.slot)
	if err != nil {
		return nil, err
	}
	h.seal = s
	if h.slot != s.slot {
		h.slot = s.slot
		e.soil(h)
	}
	return s, nil
}

// eventOwner binds a sealed event to its place.
func eventOwner(record string, seq uint64) string { return string(numbered([]byte(record), seq)) }

// decodeEvent reads an event; where its key was destroyed, DataErased says so.
func (o *opener) decodeEvent(record string, seq uint64, v []byte) (journey.Event, error) {
	var ev journey.Event
	var private map[string]string
	err := o.open(v, eventOwner(record, seq), &ev, &private)
	if errors.Is(err, errDestroyed) {
		private, err = map[string]string{journey.DataErased: "yes"}, nil
	}
	if err != nil {
		return ev, fmt.Errorf("event %s/%d: %w", record, seq, err)
	}
	ev.Seq = seq
	if ev.Data == nil {
		ev.Data = private
		return ev, nil
	}
	for k, x := range private {
		ev.Data[k] = x
	}
	return ev, nil
}
