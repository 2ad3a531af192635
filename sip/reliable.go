package sip

import (
	"strconv"
	"strings"
)

// RAck is the RAck header of a PRACK (RFC 3262 §7.2).
type RAck struct {
	RSeq   uint32
	CSeq   uint32
	Method Method
}

// RSeq reads the RSeq header (RFC 3262 §7.1); valid numbers are 1 to 2^32-1.
func RSeq(msg Message) (uint32, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(HeaderText(msg, "RSeq")), 10, 32)
	return uint32(n), err == nil && n > 0
}

// RSeqHeader makes the header.
func RSeqHeader(n uint32) Header { return NewHeader("RSeq", strconv.FormatUint(uint64(n), 10)) }

// RAckOf reads the RAck header.
func RAckOf(msg Message) (RAck, bool) {
	f := strings.Fields(HeaderText(msg, "RAck"))
	if len(f) != 3 {
		return RAck{}, false
	}
	rseq, err1 := strconv.ParseUint(f[0], 10, 32)
	cseq, err2 := strconv.ParseUint(f[1], 10, 32)
	return RAck{uint32(rseq), uint32(cseq), Method(f[2])}, err1 == nil && err2 == nil && rseq > 0
}

// Header makes the header.
func (r RAck) Header() Header {
	return NewHeader("RAck", strconv.FormatUint(uint64(r.RSeq), 10)+" "+strconv.FormatUint(uint64(r.CSeq), 10)+" "+string(r.Method))
}

// Replaces names the dialog that an INVITE takes over (RFC 3891 §6.1). Tags are those of the receiver of the header.
type Replaces struct {
	CallID    string
	ToTag     string
	FromTag   string
	EarlyOnly bool
}

// ParseReplaces reads the value of a Replaces header. Inside a Refer-To URI it is percent-escaped: unescape it first.
func ParseReplaces(s string) (Replaces, bool) {
	id, rest, _ := strings.Cut(s, ";")
	ps := ParseParams(rest)
	r := Replaces{CallID: strings.TrimSpace(id), ToTag: ps.Value("to-tag"), FromTag: ps.Value("from-tag"), EarlyOnly: ps.Has("early-only")}
	return r, r.CallID != "" && r.ToTag != "" && r.FromTag != ""
}

// ReplacesOf reads the Replaces header; more than one is malformed (RFC 3891 §3).
func ReplacesOf(msg Message) (Replaces, bool) {
	if count(msg, "Replaces") != 1 {
		return Replaces{}, false
	}
	return ParseReplaces(HeaderText(msg, "Replaces"))
}

// String prints the value.
func (r Replaces) String() string {
	s := Clean(r.CallID) + ";to-tag=" + Clean(r.ToTag) + ";from-tag=" + Clean(r.FromTag)
	if r.EarlyOnly {
		s += ";early-only"
	}
	return s
}
