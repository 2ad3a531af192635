package journey

import (
	"fmt"
	"strings"
	"unicode"
)

// Normal gives the normal form of an identity's value. A tel value must already be E.164 with "+" (national numbers need a
// country and are turned into it where they enter); sip loses scheme and parameters and gets a lower-case host; email gets a
// lower-case domain. Anything that identifies nobody ("anonymous", "unknown", empty) is an error.
func Normal(t IdentityType, value string) (string, error) {
	v := strings.TrimSpace(value)
	if v == "" || len(v) > MaxIdentity || strings.ContainsFunc(v, unicode.IsControl) {
		return "", fmt.Errorf("%w: %s identity %q", ErrInvalid, t, value)
	}
	switch t {
	case Tel:
		return normalTel(v)
	case SIP:
		return normalSIP(v)
	case Mail:
		return normalMail(v)
	case Web, Ext:
		return v, nil
	}
	return "", fmt.Errorf("%w: identity type %q", ErrInvalid, t)
}

func normalTel(v string) (string, error) {
	v = strings.TrimPrefix(v, "tel:")
	digits, ok := strings.CutPrefix(v, "+")
	if !ok || len(digits) < 3 || len(digits) > 15 || digits[0] == '0' {
		return "", fmt.Errorf("%w: %q is not an E.164 number", ErrInvalid, v)
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return "", fmt.Errorf("%w: %q is not an E.164 number", ErrInvalid, v)
		}
	}
	return v, nil
}

func normalSIP(v string) (string, error) {
	v = strings.TrimPrefix(strings.TrimPrefix(v, "sips:"), "sip:")
	if i := strings.IndexAny(v, ";?"); i >= 0 {
		v = v[:i]
	}
	user, host, ok := strings.Cut(v, "@")
	if !ok || user == "" || host == "" || strings.EqualFold(user, "anonymous") || strings.EqualFold(host, "anonymous.invalid") {
		return "", fmt.Errorf("%w: %q is not user@host", ErrInvalid, v)
	}
	return user + "@" + strings.ToLower(host), nil
}

func normalMail(v string) (string, error) {
	i := strings.LastIndexByte(v, '@')
	if i <= 0 || i == len(v)-1 {
		return "", fmt.Errorf("%w: %q is not a mail address", ErrInvalid, v)
	}
	return v[:i] + "@" + strings.ToLower(v[i+1:]), nil
}

// String gives the strength's name.
func (s Strength) String() string {
	switch s {
	case Attested:
		return "attested"
	case Authenticated:
		return "authenticated"
	default:
		return "claimed"
	}
}

var kinds = func() map[Kind]bool {
	m := map[Kind]bool{}
	for _, k := range Kinds() {
		m[k] = true
	}
	return m
}()

// Known tells whether the kind belongs to the closed set.
func (k Kind) Known() bool { return kinds[k] }

// Kinds lists the closed set of event kinds.
func Kinds() []Kind {
	return []Kind{
		InteractionStarted, InteractionEnded, Identified, FlowEntered, FlowLeft, StepInput, AttributeSet, Enqueued, Refused,
		Offered, OfferExpired, OfferDeclined, OfferFailed, OfferWithdrawn, Accepted, Connected, Held, Resumed, Transferred,
		Dialled, RecordingStarted, RecordingPaused, RecordingResumed, RecordingStopped, Requeued, Abandoned, ItemEnded,
		WrapUpStarted, WrapUpEnded, Note, Disposition, AgentState,
		ConversationOpened, ConversationClosed, MessageIn, MessageOut, MessageDelivered, MessageRead, MessageFailed,
		CallbackRequested, CallbackAttempt, CallbackCancelled, CallbackExpired, Escalated, Parked, Woken, Joined, Left, Quality,
		TokenIssued, TokenUsed, TokenReused, ConsentChanged, Merged, Unmerged, Erased,
	}
}
