package wire

import (
	"net/netip"
	"strconv"
)

// Request is a request to be written.
type Request struct {
	Method, URI string
	SentBy      netip.AddrPort // of Via
	Branch      string         // with its magic cookie
	From, To    string         // with their tags
	CallID      string
	CSeq        uint32
	Routes      []string // entries of Route
	Contact     string   // URI; empty: none
	Headers     []string // further whole lines, without CRLF
	Body        string   // SDP; empty: none
}

// Append writes the request behind b.
func (r *Request) Append(b []byte) []byte {
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.URI...)
	b = append(b, " SIP/2.0\r\nVia: SIP/2.0/UDP "...)
	b = r.SentBy.AppendTo(b)
	b = append(b, ";branch="...)
	b = append(b, r.Branch...)
	b = append(b, ";rport\r\nMax-Forwards: 70\r\n"...)
	for _, route := range r.Routes {
		b = line(b, "Route", route)
	}
	b = line(b, "From", r.From)
	b = line(b, "To", r.To)
	b = line(b, "Call-ID", r.CallID)
	b = append(b, "CSeq: "...)
	b = strconv.AppendUint(b, uint64(r.CSeq), 10)
	b = append(b, ' ')
	b = append(b, r.Method...)
	b = append(b, "\r\n"...)
	return end(b, r.Contact, r.Headers, r.Body)
}

// Reply is a response to be written.
type Reply struct {
	Status  int
	Reason  string
	Tag     string // ours, for To; empty: none (100)
	Contact string // URI; empty: none
	Headers []string
	Body    string
}

// Append writes the response to a request behind b (RFC 3261 §8.2.6): Via, From, To, Call-ID, CSeq and Record-Route are the
// request's.
func (r *Reply) Append(b []byte, to *Message) []byte {
	b = append(b, "SIP/2.0 "...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	b = append(b, ' ')
	b = append(b, r.Reason...)
	b = append(b, "\r\n"...)
	for _, via := range to.Via {
		b = line(b, "Via", via)
	}
	for _, route := range to.RecordRoute {
		b = line(b, "Record-Route", route)
	}
	b = line(b, "From", to.From)
	b = append(b, "To: "...)
	b = append(b, to.To...)
	if r.Tag != "" && Tag(to.To) == "" {
		b = append(b, ";tag="...)
		b = append(b, r.Tag...)
	}
	b = append(b, "\r\n"...)
	b = line(b, "Call-ID", to.CallID)
	b = append(b, "CSeq: "...)
	b = strconv.AppendUint(b, uint64(to.CSeq), 10)
	b = append(b, ' ')
	b = append(b, to.CSeqMethod...)
	b = append(b, "\r\n"...)
	return end(b, r.Contact, r.Headers, r.Body)
}

func line(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

func end(b []byte, contact string, headers []string, body string) []byte {
	if contact != "" {
		b = append(b, "Contact: <"...)
		b = append(b, contact...)
		b = append(b, ">\r\n"...)
	}
	for _, h := range headers {
		b = append(b, h...)
		b = append(b, "\r\n"...)
	}
	if body != "" {
		b = append(b, "Content-Type: application/sdp\r\n"...)
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	return append(b, body...)
}
