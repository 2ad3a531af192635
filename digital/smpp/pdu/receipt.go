package pdu

import (
	"fmt"
	"strings"
	"time"
)

// State is the fate of a message. SMPP 3.4 §5.2.28.
type State uint8

// The states.
const (
	Enroute       State = 1
	Delivered     State = 2
	Expired       State = 3
	Deleted       State = 4
	Undeliverable State = 5
	Accepted      State = 6
	Unknown       State = 7
	Rejected      State = 8
)

var stateWords = [...]string{"", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"}

// String returns the word that stands in a receipt's text. Appendix B.
func (s State) String() string {
	if int(s) < len(stateWords) && s > 0 {
		return stateWords[s]
	}
	return "UNKNOWN"
}

// Final says whether no other state follows.
func (s State) Final() bool {
	return s == Delivered || s == Expired || s == Deleted || s == Undeliverable || s == Rejected
}

func stateOf(word string) State {
	for i, w := range stateWords {
		if i > 0 && strings.EqualFold(w, word) {
			return State(i)
		}
	}
	return Unknown
}

// Receipt tells how a message fared.
type Receipt struct {
	MessageID string
	State     State
	Error     string // the network's code, at most 16 octets
	Submitted time.Time
	Done      time.Time // zero where it was not told
}

const receiptTime = "0601021504" // appendix B: YYMMDDhhmm

// Receipt reads a deliver_sm as a receipt, from its optional parameters first and from its text where they lack something.
func (m *Message) Receipt() (Receipt, bool) {
	if kind := m.ESMClass & ESMTypeMask; kind != ESMReceipt && kind != ESMIntermediate {
		return Receipt{}, false
	}
	r := parseReceipt(string(m.Payload()))
	if id, ok := m.TLVs.Text(ReceiptedMessageID); ok && id != "" {
		r.MessageID = id
	}
	if v, ok := m.TLVs.Uint(MessageState); ok && v > 0 && int(v) < len(stateWords) {
		r.State = State(v)
	}
	if v, ok := m.TLVs.Get(NetworkErrorCode); ok && len(v) == 3 && r.Error == "" {
		r.Error = fmt.Sprintf("%03d", int(v[1])<<8|int(v[2]))
	}
	return r, r.MessageID != ""
}

// parseReceipt reads the text form of appendix B. Keys come in any order and case; the text at the end is skipped.
func parseReceipt(s string) Receipt {
	r := Receipt{State: Unknown}
	low := lower(s)
	if i := strings.Index(low, "text:"); i >= 0 {
		s, low = s[:i], low[:i]
	}
	value := func(key string) string {
		i := keyAt(low, key)
		if i < 0 {
			return ""
		}
		v := s[i:]
		if end := strings.IndexAny(v, " \r\n\t"); end >= 0 {
			v = v[:end]
		}
		return v
	}
	if id := value("id:"); len(id) <= 64 {
		r.MessageID = id
	}
	if word := value("stat:"); word != "" {
		r.State = stateOf(word)
	}
	if code := value("err:"); len(code) <= 16 {
		r.Error = code
	}
	r.Submitted = receiptDate(value("submit date:"))
	r.Done = receiptDate(value("done date:"))
	return r
}

// lower maps ASCII only, octet by octet, so that positions stay.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// keyAt returns where the value of a key begins; the key stands at the start or behind a blank.
func keyAt(s, key string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], key)
		if i < 0 {
			return -1
		}
		i += from
		if i == 0 || s[i-1] == ' ' {
			return i + len(key)
		}
		from = i + 1
	}
}

func receiptDate(s string) time.Time {
	if len(s) > len(receiptTime) {
		s = s[:len(receiptTime)] // some add seconds
	}
	t, err := time.Parse(receiptTime, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// NewReceipt returns the deliver_sm that tells r about m, a message that was submitted: text form and optional parameters.
func NewReceipt(m *Message, r Receipt) *Message {
	delivered := 0
	if r.State == Delivered {
		delivered = 1
	}
	code := r.Error
	if code == "" {
		code = "000"
	}
	text := fmt.Sprintf("id:%s sub:001 dlvrd:%03d submit date:%s done date:%s stat:%s err:%s text:", r.MessageID, delivered,
		r.Submitted.UTC().Format(receiptTime), r.Done.UTC().Format(receiptTime), r.State, code)
	out := &Message{
		Source: m.Destination, Destination: m.Source, ESMClass: ESMReceipt, Short: []byte(text),
		TLVs: TLVs{Text(ReceiptedMessageID, r.MessageID), Uint8(MessageState, uint8(r.State))},
	}
	if ref, ok := m.TLVs.Uint(UserMessageReference); ok {
		out.TLVs = append(out.TLVs, Uint16(UserMessageReference, ref))
	}
	return out
}
