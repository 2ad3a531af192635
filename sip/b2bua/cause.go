package b2bua

import "slices"

// Kind says why a leg or call ended, in the words of this house. It is what crosses from one leg to the other; status and
// cause are only its spellings on the wire.
type Kind uint8

// The kinds. Normal is an ordinary end after answer; Canceled is a caller who left before it.
const (
	Normal Kind = iota
	Busy
	NoAnswer
	Rejected
	NotFound
	Unreachable
	Unauthorized
	Timeout
	Canceled
	Overload
	Unsupported
	Malformed
	Internal
)

var kindNames = [...]string{"normal", "busy", "no_answer", "rejected", "not_found", "unreachable", "unauthorized", "timeout",
	"canceled", "overload", "unsupported", "malformed", "internal"}

// String returns the kind as it stands in journal, logs and metrics.
func (k Kind) String() string { return kindNames[k] }

// causeRow is one line of the table. Status and q850 are what we say; statuses and q850s are what others say for the same.
type causeRow struct {
	kind         Kind
	status, q850 int
	statuses     []int
	q850s        []int
}

// causes is the only mapping between kinds, SIP statuses and Q.850 causes in this house, used both ways, in the order of Kind.
// RFC 3398 §7.2.4.1 and §8.2.6.1 are its base; where they leave a choice the row says what a caller should hear.
var causes = []causeRow{
	{Normal, 200, 16, nil, []int{16, 31}},
	{Busy, 486, 17, []int{486, 600}, []int{17}},
	{NoAnswer, 480, 19, []int{480}, []int{18, 19}},
	{Rejected, 603, 21, []int{603, 403, 607, 608, 401, 407, 402, 433, 436, 437, 438}, []int{21, 55, 57, 87}},
	{NotFound, 404, 1, []int{404, 410, 484, 485, 604, 414, 416}, []int{1, 2, 3, 22, 26, 28}},
	{Unreachable, 480, 27, []int{430, 439, 440, 481, 500, 502, 513, 580}, []int{20, 27, 29, 38, 41}},
	{Unauthorized, 403, 21, nil, nil},
	{Timeout, 408, 102, []int{408, 504}, []int{102}},
	{Canceled, 487, 16, []int{487}, nil},
	{Overload, 503, 34, []int{503}, []int{34, 42, 44, 47}},
	{Unsupported, 488, 65, []int{488, 415, 406, 420, 421, 501, 505, 606}, []int{65, 70, 79, 88}},
	{Malformed, 400, 95, []int{400, 405, 413, 482, 483, 493}, []int{95, 96, 97, 98, 99, 100, 101, 111}},
	{Internal, 500, 41, nil, nil},
}

// Status is the SIP status that tells a caller of this kind before answer.
func (k Kind) Status() int { return causes[k].status }

// Q850 is the cause of this kind in a Reason header (RFC 3326).
func (k Kind) Q850() int { return causes[k].q850 }

// KindOfStatus reads a final status of another. A status that no row names falls back to what its first digit says.
func KindOfStatus(status int) Kind {
	for _, r := range causes {
		if slices.Contains(r.statuses, status) {
			return r.kind
		}
	}
	switch status / 100 {
	case 2:
		return Normal
	case 3, 4, 5:
		return Unreachable
	}
	return Rejected
}

// KindOfQ850 reads a Q.850 cause of another; ok is false for a cause that no row names.
func KindOfQ850(cause int) (k Kind, ok bool) {
	for _, r := range causes {
		if slices.Contains(r.q850s, cause) {
			return r.kind, true
		}
	}
	return Unreachable, false
}
