package engine

import "tandem/media"

// maxHops is how many payload types a plan can map.
const maxHops = 8

// act is what happens to the payload of a relayed packet.
type act uint8

const (
	drop   act = iota // nothing is sent
	pass              // as it is
	toUlaw            // A-law becomes µ-law
	toAlaw            // µ-law becomes A-law
	toTone            // a telephone-event becomes a tone
)

// hop says what becomes of packets with payload type in.
type hop struct {
	in, out uint8
	do      act
}

// plan says how packets of one stream become packets of another, or of itself. It holds no pointer and is never changed
// in place, so that a program in the kernel could hold the plans that only pass.
type plan struct {
	hops  [maxHops]hop
	count uint8
}

// find gives the hop of a payload type; the zero hop drops.
func (p *plan) find(pt uint8) hop {
	for _, h := range p.hops[:p.count] {
		if h.in == pt {
			return h
		}
	}
	return hop{}
}

func (p *plan) add(h hop) {
	if int(p.count) < maxHops && p.find(h.in).do == drop {
		p.hops[p.count] = h
		p.count++
	}
}

// comfortNoise is the static payload type of RFC 3389.
const comfortNoise = 13

// newPlan maps what comes from one side to what the other accepts.
func newPlan(from, to media.StreamConfig) plan {
	var p plan
	for _, f := range formats(from) {
		if f.RecvPT == comfortNoise {
			if accepts(to, comfortNoise) {
				p.add(hop{comfortNoise, comfortNoise, pass})
			}
			continue
		}
		if do := conversion(f.Codec, to.Format.Codec); do != drop {
			p.add(hop{f.RecvPT, to.Format.SendPT, do})
		}
	}
	if from.DTMFRecv != 0 {
		if to.DTMFSend != 0 {
			p.add(hop{from.DTMFRecv, to.DTMFSend, pass})
		} else {
			p.add(hop{from.DTMFRecv, 0, toTone})
		}
	}
	return p
}

// formats lists what a stream receives, the chosen one first.
func formats(c media.StreamConfig) []media.Format {
	return append([]media.Format{c.Format}, c.Accept...)
}

func accepts(c media.StreamConfig, pt uint8) bool {
	for _, f := range c.Accept {
		if f.RecvPT == pt {
			return true
		}
	}
	return false
}

// conversion finds the way from one codec to another. Codecs that we do not know pass to others that we do not know.
func conversion(from, to media.Codec) act {
	switch {
	case from == to:
		return pass
	case from == media.PCMA && to == media.PCMU:
		return toUlaw
	case from == media.PCMU && to == media.PCMA:
		return toAlaw
	}
	return drop
}

// kind is what a payload type of a stream carries.
type kind uint8

const (
	refused kind = iota
	ulaw
	alaw
	opaque // a codec that we only pass on, or comfort noise
	event  // telephone-event
)

// codec gives the codec of audio that can be listened to, else NoCodec.
func (k kind) codec() media.Codec {
	switch k {
	case ulaw:
		return media.PCMU
	case alaw:
		return media.PCMA
	}
	return media.NoCodec
}

// kinds is what each payload type carries.
func kinds(c media.StreamConfig) (t [128]kind) {
	t[comfortNoise] = opaque
	for _, f := range formats(c) {
		k := opaque
		switch f.Codec {
		case media.PCMU:
			k = ulaw
		case media.PCMA:
			k = alaw
		}
		t[f.RecvPT&127] = k
	}
	if c.DTMFRecv != 0 {
		t[c.DTMFRecv&127] = event
	}
	return t
}
