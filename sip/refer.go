package sip

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ReferTo says where a REFER sends its receiver (RFC 3515 §2.1): a call to URI, for an attended transfer in place of the
// dialog that Replaces names (RFC 5589 §7).
type ReferTo struct {
	Display  string
	URI      URI      // without the headers and without the method that the value carried
	Method   Method   // INVITE when the value names none
	Replaces Replaces // zero, with an empty CallID, for a blind transfer
}

// Attended reports whether a dialog is to be replaced.
func (r ReferTo) Attended() bool { return r.Replaces.CallID != "" }

// ReferToOf reads the Refer-To of a REFER. None, more than one (RFC 3515 §2.4.1), one that cannot be read, and one whose
// Replaces cannot be read are errors, to be answered with 400.
func ReferToOf(req *Request) (ReferTo, error) {
	if count(req, "Refer-To") == 0 {
		return ReferTo{}, ErrAbsent
	}
	list, err := NameAddrs(req, "Refer-To")
	if err != nil || len(list) != 1 || list[0].Wildcard {
		return ReferTo{}, fmt.Errorf("refer-to: %w", ErrMalformed)
	}
	return readReferTo(list[0])
}

func readReferTo(a NameAddr) (ReferTo, error) {
	text, headers := cutHeaders(a.URIText())
	uri, err := ParseURI(text)
	if err != nil {
		return ReferTo{}, fmt.Errorf("refer-to: %w", ErrMalformed)
	}
	r := ReferTo{Display: a.Display, URI: uri, Method: INVITE}
	for _, p := range uri.UriParams {
		if strings.EqualFold(p.K, "method") && IsToken(p.V) {
			r.Method = Method(strings.ToUpper(p.V))
		}
	}
	r.URI.UriParams.Remove("method")
	for h := range strings.SplitSeq(headers, "&") {
		name, value, _ := strings.Cut(h, "=")
		if !strings.EqualFold(name, "Replaces") {
			continue // RFC 3261 §19.1.5: headers of a URI are a wish, and most of them are dangerous
		}
		value, err := url.PathUnescape(value)
		replaces, ok := ParseReplaces(value)
		if err != nil || !ok || r.Attended() {
			return ReferTo{}, fmt.Errorf("refer-to: replaces: %w", ErrMalformed)
		}
		r.Replaces = replaces
	}
	return r, nil
}

// cutHeaders splits a URI at the mark of its headers; one in the user part is no mark.
func cutHeaders(uri string) (text, headers string) {
	user := strings.IndexByte(uri, '@') + 1
	text, headers, _ = strings.Cut(uri[user:], "?")
	return uri[:user] + text, headers
}

// Header makes the Refer-To header.
func (r ReferTo) Header() Header {
	uri := r.URI.String()
	if r.Method != "" && r.Method != INVITE {
		uri += ";method=" + string(r.Method)
	}
	if r.Attended() {
		uri += "?Replaces=" + escapeHeader(r.Replaces.String())
	}
	name := ""
	if r.Display != "" {
		name = Quote(r.Display) + " "
	}
	return NewHeader("Refer-To", name+"<"+uri+">")
}

// escapeHeader escapes the value of a header in a URI: all but what hnv-unreserved and unreserved allow (RFC 3261 §25.1).
func escapeHeader(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("-_.!~*'()[]/?:+$", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// ReferredBy reads who refers (RFC 3892 §3); false when the header is absent or cannot be read.
func ReferredBy(msg Message) (NameAddr, bool) {
	list, err := NameAddrs(msg, "Referred-By")
	if err != nil || len(list) != 1 || list[0].Wildcard {
		return NameAddr{}, false
	}
	return list[0], true
}

// ReferredByHeader makes the header.
func ReferredByHeader(who NameAddr) Header { return NewHeader("Referred-By", who.String()) }

// FragType is the media type of a Frag.
const FragType = "message/sipfrag"

// Frag is the status line that a NOTIFY of a REFER carries (RFC 3515 §2.4.5, RFC 3420).
type Frag struct {
	Status int    // 100 to 699
	Phrase string // the usual one when empty
}

// ParseFrag reads a body of type message/sipfrag. Headers after the status line are not looked at.
func ParseFrag(body []byte) (Frag, error) {
	line, _, _ := bytes.Cut(body, []byte("\n"))
	version, rest, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	code, phrase, _ := strings.Cut(strings.TrimSpace(rest), " ")
	status, err := strconv.ParseUint(code, 10, 16)
	if err != nil || !strings.EqualFold(version, "SIP/2.0") || len(code) != 3 || status < 100 || status > 699 {
		return Frag{}, fmt.Errorf("sipfrag: %w", ErrMalformed)
	}
	return Frag{Status: int(status), Phrase: Clean(phrase)}, nil
}

// Final reports whether nothing follows it.
func (f Frag) Final() bool { return f.Status >= 200 }

// Bytes prints the body.
func (f Frag) Bytes() []byte {
	phrase := Clean(f.Phrase)
	if phrase == "" {
		phrase = Phrase(f.Status)
	}
	return []byte("SIP/2.0 " + strconv.Itoa(f.Status) + " " + phrase + "\r\n")
}

// SubscriptionState says how a subscription stands (RFC 6665 §8.2.3).
type SubscriptionState struct {
	State   string        // "active", "pending", "terminated", in lower case
	Reason  string        // of terminated: "noresource" after a REFER is done (RFC 3515 §2.4.7)
	Expires time.Duration // left; 0 when not told
}

// SubscriptionStateOf reads the Subscription-State of a NOTIFY.
func SubscriptionStateOf(msg Message) (SubscriptionState, bool) {
	state, params, _ := strings.Cut(HeaderText(msg, "Subscription-State"), ";")
	if state = strings.ToLower(strings.TrimSpace(state)); !IsToken(state) {
		return SubscriptionState{}, false
	}
	ps := ParseParams(params)
	left, _ := Seconds(ps.Value("expires"))
	return SubscriptionState{State: state, Reason: ps.Value("reason"), Expires: left}, true
}

// Header makes the header.
func (s SubscriptionState) Header() Header {
	v := s.State
	if s.Reason != "" {
		v += ";reason=" + s.Reason
	}
	if s.Expires > 0 {
		v += ";expires=" + strconv.Itoa(int(s.Expires/time.Second))
	}
	return NewHeader("Subscription-State", v)
}

// EventOf reads the Event header: package in lower case, and the id parameter, which for a REFER after the first in a dialog is
// its CSeq (RFC 3515 §2.4.6).
func EventOf(msg Message) (pkg, id string) {
	pkg, params, _ := strings.Cut(HeaderText(msg, "Event"), ";")
	return strings.ToLower(strings.TrimSpace(pkg)), ParseParams(params).Value("id")
}

// ReferEvent makes the Event header of a NOTIFY for the REFER with that CSeq; 0 leaves the id out.
func ReferEvent(cseq uint32) Header {
	if cseq == 0 {
		return NewHeader("Event", "refer")
	}
	return NewHeader("Event", "refer;id="+strconv.FormatUint(uint64(cseq), 10))
}
