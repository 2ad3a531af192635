package engine

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// join makes a composite key. No part but the last holds a zero byte, except numbers, which have a fixed width.
func join(parts ...string) []byte {
	n := len(parts) - 1
	for _, p := range parts {
		n += len(p)
	}
	k := make([]byte, 0, n)
	for i, p := range parts {
		if i > 0 {
			k = append(k, 0)
		}
		k = append(k, p...)
	}
	return k
}

// numbered appends a number to a prefix, in an order-keeping form.
func numbered(prefix []byte, n uint64) []byte {
	k := make([]byte, 0, len(prefix)+8)
	return binary.BigEndian.AppendUint64(append(k, prefix...), n)
}

// under is the prefix of all keys below a part.
func under(parts ...string) []byte { return append(join(parts...), 0) }

// number reads the number at a key's end.
func number(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(key)-8:])
}

// pair packs two numbers.
func pair(a, b uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(make([]byte, 0, 16), a), b)
}

func unpair(v []byte) (a, b uint64) {
	if len(v) < 16 {
		return 0, 0
	}
	return binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])
}

var idCoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID makes an id that sorts by time: prefix, "_", 48 bits of milliseconds and 52 bits of chance.
func newID(prefix string, at time.Time) string {
	var raw [13]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(max(at.UnixMilli(), 0))<<16)
	_, _ = rand.Read(raw[6:]) // never fails (crypto/rand)
	return prefix + "_" + strings.ToLower(idCoding.EncodeToString(raw[:]))
}
