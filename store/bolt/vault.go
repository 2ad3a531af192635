package bolt

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// keySize is the length of a data key; slot n stands at n × keySize, and a slot of zeros is empty.
const keySize = 32

// vault is the file of data keys beside the store file. Keys are written over in place: bbolt would leave what was deleted in
// its free pages. Owned by the transaction that writes, except reads.
type vault struct {
	file    *os.File
	size    uint64            // slots in the file
	pending map[uint64][]byte // of the transaction that writes; nil: to be zeroed
}

func openVault(path string) (*vault, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &vault{file: f, size: uint64(info.Size()) / keySize, pending: map[uint64][]byte{}}, nil
}

// ahead is how many keys are made beyond one that is new: they wait in the file, and the next records need no sync of it.
const ahead = 255

var empty [keySize]byte

// get reads a key; nil if it was destroyed or never made.
func (v *vault) get(key []byte) []byte {
	if len(key) != 8 {
		return nil
	}
	got := make([]byte, keySize)
	_, err := v.file.ReadAt(got, int64(binary.BigEndian.Uint64(key))*keySize)
	if err != nil && !errors.Is(err, io.EOF) || bytes.Equal(got, empty[:]) {
		return nil
	}
	return got
}

// flush makes what the transaction changed durable, before the transaction itself is: a key without a value harms nobody.
func (v *vault) flush() error {
	if len(v.pending) == 0 {
		return nil
	}
	for slot, key := range v.pending {
		if key == nil {
			key = empty[:]
		}
		block := key
		if slot >= v.size {
			block = make([]byte, (1+ahead)*keySize)
			_, _ = rand.Read(block) // never fails (crypto/rand)
			copy(block, key)
		}
		if _, err := v.file.WriteAt(block, int64(slot)*keySize); err != nil {
			return fmt.Errorf("key file: %w", err)
		}
		v.size = max(v.size, slot+uint64(len(block)/keySize))
	}
	clear(v.pending)
	if err := v.file.Sync(); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	return nil
}
