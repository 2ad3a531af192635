package rtp

import "encoding/binary"

// Packet types of RTCP (RFC 3550 §12.1).
const (
	typeSR   = 200
	typeRR   = 201
	typeSDES = 202
	typeBYE  = 203
)

// MaxBlocks is how many reception reports a Compound holds. Others are skipped.
const MaxBlocks = 4

const maxText = 255 // octets of a CNAME or a reason

// Block is one reception report (RFC 3550 §6.4.1).
type Block struct {
	SSRC     uint32 // about whom
	Fraction uint8  // lost since the last report, 1/256
	Lost     int32  // in all, 24 bits with sign
	Highest  uint32 // extended sequence number
	Jitter   uint32 // samples
	LastSR   uint32 // Middle of the last sender report
	Delay    uint32 // since it came, 1/65536 s
}

// Compound is one compound packet: a report first, then SDES with a CNAME, then possibly BYE.
// A reused value costs no allocation; CNAME and Reason of a parsed one are parts of the parsed bytes.
type Compound struct {
	SSRC    uint32 // of the reporter
	Sender  bool   // it is a sender report: NTP, RTP, Packets and Octets are set
	NTP     NTP
	RTP     uint32 // RTP timestamp of the same moment
	Packets uint32
	Octets  uint32
	Blocks  [MaxBlocks]Block
	Count   int // of Blocks used
	CNAME   []byte
	Bye     bool
	Reason  []byte
}

// About gives the reception report about ssrc.
func (c *Compound) About(ssrc uint32) (Block, bool) {
	for _, b := range c.Blocks[:c.Count] {
		if b.SSRC == ssrc {
			return b, true
		}
	}
	return Block{}, false
}

// Append builds the packet at the end of dst. With enough capacity (about 300 bytes) it does not allocate.
func (c *Compound) Append(dst []byte) []byte {
	count := min(max(c.Count, 0), MaxBlocks)
	kind := uint8(typeRR)
	if c.Sender {
		kind = typeSR
	}
	at := len(dst)
	dst = appendHead(dst, kind, count, c.SSRC)
	if c.Sender {
		dst = binary.BigEndian.AppendUint64(dst, uint64(c.NTP))
		dst = binary.BigEndian.AppendUint32(dst, c.RTP)
		dst = binary.BigEndian.AppendUint32(dst, c.Packets)
		dst = binary.BigEndian.AppendUint32(dst, c.Octets)
	}
	for i := range count {
		dst = c.Blocks[i].append(dst)
	}
	dst = closeHead(dst, at)
	at = len(dst)
	dst = appendHead(dst, typeSDES, 1, c.SSRC)
	dst = append(dst, 1)
	dst = appendText(dst, c.CNAME)
	dst = append(dst, 0)
	dst = closeHead(dst, at)
	if c.Bye {
		at = len(dst)
		dst = appendHead(dst, typeBYE, 1, c.SSRC)
		if len(c.Reason) > 0 {
			dst = appendText(dst, c.Reason)
		}
		dst = closeHead(dst, at)
	}
	return dst
}

func (b *Block) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, b.SSRC)
	dst = binary.BigEndian.AppendUint32(dst, uint32(b.Fraction)<<24|uint32(b.Lost)&0xffffff)
	dst = binary.BigEndian.AppendUint32(dst, b.Highest)
	dst = binary.BigEndian.AppendUint32(dst, b.Jitter)
	dst = binary.BigEndian.AppendUint32(dst, b.LastSR)
	return binary.BigEndian.AppendUint32(dst, b.Delay)
}

func appendHead(dst []byte, kind uint8, count int, ssrc uint32) []byte {
	dst = append(dst, 0x80|uint8(count), kind, 0, 0)
	return binary.BigEndian.AppendUint32(dst, ssrc)
}

func appendText(dst, text []byte) []byte {
	text = text[:min(len(text), maxText)]
	dst = append(dst, uint8(len(text)))
	return append(dst, text...)
}

// closeHead pads the packet that begins at at to whole words, and writes its length.
func closeHead(dst []byte, at int) []byte {
	for (len(dst)-at)%4 != 0 {
		dst = append(dst, 0)
	}
	binary.BigEndian.PutUint16(dst[at+2:], uint16((len(dst)-at)/4-1))
	return dst
}
