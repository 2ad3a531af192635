package dialog

import "tandem/sip"

// EventKind says what happened.
type EventKind uint8

// The events. The fields that each of them fills stand beside it.
const (
	// Ringing: a provisional response above 100 came (UAC). Status, Text, RemoteTag, Reliable, Response.
	Ringing EventKind = iota + 1
	// EarlyMedia: a provisional response brought SDP (UAC). Body, IsOffer, RemoteTag, Reliable, Response. An offer (late offer)
	// waits for Answer or Refuse; an answer in an unreliable response is a preview that the 2xx repeats.
	EarlyMedia
	// Answered: the first 2xx (UAC). Body (the peer's SDP in force, also when it came earlier), IsOffer, RemoteTag, Response. An offer
	// waits for Answer or Refuse; the ACK goes with it. Otherwise the ACK was sent.
	Answered
	// Confirmed: the ACK for our 2xx to the initial INVITE came (UAS). Body when the ACK brought the answer. Request.
	Confirmed
	// RemoteOffer: the peer offers. Body, Via, Request. Waits for Answer or Refuse. With ViaOfferless Body is empty and Answer
	// brings our offer; the peer's answer comes as OfferAccepted.
	RemoteOffer
	// OfferAccepted: the peer answered the offer of Offer, or of Answer to an offerless re-INVITE. Body, Response, Refresh.
	OfferAccepted
	// OfferRefused: it did not; the session stays as it was. Status, Text, Response, Refresh.
	OfferRefused
	// OfferWithdrawn: the peer cancelled the re-INVITE of the last RemoteOffer: no Answer, the session stays as it was.
	OfferWithdrawn
	// RequestReceived: INFO, REFER, MESSAGE, NOTIFY and other methods of Allow. Tx, Request, Body. Waits for Reply.
	RequestReceived
	// Replied: the final response to Send. Tx (of the first SendRequest), Status, Text, Body, Response; By is Network when there was none.
	Replied
	// Redirected: a 3xx to the INVITE; Ended follows. Status, Contacts in order of preference, Response.
	Redirected
	// Ended: the session is over, once. Status, Text, Cause, By, How, Response or Request where one brought it.
	Ended
	// Misused: the owner gave a command that makes no sense in this state: a bug of the owner. Text.
	Misused
)

// By says which side ended the session.
type By uint8

// The sides.
const (
	Local By = iota + 1
	Remote
	Network // nobody answered, or the transport failed
)

// How says in which way the session ended.
type How uint8

// The ways.
const (
	HowBye            How = iota + 1 // BYE in either direction
	HowCancel                        // CANCEL in either direction, or given up before the INVITE was answered
	HowReject                        // a final response of 300 or above to the INVITE
	HowTimeout                       // no answer to the INVITE, or 408/481/nothing to an in-dialog request
	HowAckTimeout                    // no ACK for our 2xx within 64·T1
	HowPrackTimeout                  // no PRACK for our reliable provisional response within 64·T1
	HowSessionExpired                // RFC 4028: no refresh in time
	HowProtocol                      // the peer left out an answer that it owed
)

// Via says which message carried a remote offer.
type Via uint8

// The carriers of offers.
const (
	ViaReInvite    Via = iota + 1 // re-INVITE with an offer
	ViaUpdate                     // UPDATE
	ViaPrack                      // PRACK with a new offer
	ViaOfferless                  // re-INVITE without SDP: Answer brings our offer
	ViaSuccess                    // 2xx to our offerless re-INVITE
	ViaProvisional                // reliable 1xx to our offerless INVITE (EarlyMedia)
	ViaInvite                     // 2xx to our offerless initial INVITE (Answered)
)

// Event tells the owner what happened: a value, tagged by Kind.
type Event struct {
	Kind      EventKind
	By        By
	How       How
	Via       Via
	IsOffer   bool
	Reliable  bool
	Refresh   bool   // the offer was a session refresh of this room (RFC 4028), not one of the owner's
	Status    int    // SIP status code
	Cause     int    // Q.850 cause of the Reason header (RFC 3326), 0 when there was none
	Text      string // reason phrase, or the text of the Reason header
	RemoteTag string // which fork
	Tx        TxID
	Body      Body
	Contacts  []sip.URI
	Request   *sip.Request
	Response  *sip.Response
}

var (
	eventNames = [...]string{"?", "Ringing", "EarlyMedia", "Answered", "Confirmed", "RemoteOffer", "OfferAccepted", "OfferRefused",
		"OfferWithdrawn", "RequestReceived", "Replied", "Redirected", "Ended", "Misused"}
	byNames  = [...]string{"", "local", "remote", "network"}
	howNames = [...]string{"", "bye", "cancel", "reject", "timeout", "ack-timeout", "prack-timeout", "session-expired", "protocol"}
	viaNames = [...]string{"", "re-INVITE", "UPDATE", "PRACK", "offerless re-INVITE", "2xx to re-INVITE", "1xx", "2xx to INVITE"}
)

// String is the name of the kind.
func (k EventKind) String() string { return nameOf(eventNames[:], k) }

// String is the name of the side.
func (b By) String() string { return nameOf(byNames[:], b) }

// String is the name of the way.
func (h How) String() string { return nameOf(howNames[:], h) }

// String is the name of the carrier.
func (v Via) String() string { return nameOf(viaNames[:], v) }
