package sip

import (
	"strings"

	base "github.com/emiago/sipgo/sip"
)

// LenientParsers returns the header parsers of the house: those of the message model where they are sound, ours for
// addresses and Via, and for each header the rule that a value which cannot be read is kept as text. So no header can
// cost the message or, on a stream, the connection; Policy.Validate answers for it. Route, Record-Route, Refer-To and
// Referred-By stay text: the model would lose their parameters.
func LenientParsers() map[string]base.HeaderParser {
	std := base.DefaultHeadersParser()
	out := map[string]base.HeaderParser{"via": parseViaHeader(std["via"])}
	for name, long := range map[string]string{
		"call-id": "Call-ID", "cseq": "CSeq", "max-forwards": "Max-Forwards", "content-length": "Content-Length", "content-type": "Content-Type",
	} {
		out[name] = orText(long, std[name])
	}
	out["cseq"] = orText("CSeq", parseCSeq)
	out["from"] = orText("From", parseFrom)
	out["to"] = orText("To", parseTo)
	out["contact"] = orText("Contact", parseContact)
	for _, long := range plain {
		out[strings.ToLower(long)] = asText(long)
	}
	for short, long := range compact {
		if name := strings.ToLower(long); out[name] != nil {
			out[short] = out[name]
		} else {
			out[short] = asText(long)
		}
	}
	return out
}

// plain are headers without a type of their own in most messages: their names need not be copied out of each of them.
var plain = []string{"Accept", "Allow", "Allow-Events", "Authorization", "Date", "Diversion", "Event", "Expires", "Min-SE", "P-Asserted-Identity",
	"Privacy", "Proxy-Authenticate", "Proxy-Authorization", "RAck", "RSeq", "Reason", "Record-Route", "Remote-Party-ID", "Require", "Route", "Server",
	"Session-Expires", "Supported", "Timestamp", "User-Agent", "WWW-Authenticate"}

// NewParser returns the parser of the house, limited to messages of max bytes.
func NewParser(max int) *base.Parser {
	p := base.NewParser(base.WithHeadersParsers(LenientParsers()))
	p.MaxMessageLength = max
	return p
}

func asText(long string) base.HeaderParser {
	return func(_ []byte, text string) (Header, error) { return NewHeader(long, text), nil }
}

func orText(long string, parse base.HeaderParser) base.HeaderParser {
	return func(name []byte, text string) (Header, error) {
		h, err := parse(name, text)
		if err != nil {
			return NewHeader(long, text), nil
		}
		return h, nil
	}
}

func parseCSeq(_ []byte, text string) (Header, error) {
	num, method, ok := cutBlank(strings.TrimSpace(text))
	n, valid := Seconds(num)
	if secs := n / 1e9; ok && valid && secs < 1<<31 && IsToken(method) {
		return &base.CSeqHeader{SeqNo: uint32(secs), MethodName: Method(method)}, nil
	}
	return nil, ErrMalformed
}

func parseFrom(_ []byte, text string) (Header, error) {
	h := &base.FromHeader{}
	var err error
	h.DisplayName, h.Params, err = single(text, &h.Address)
	return h, err
}

func parseTo(_ []byte, text string) (Header, error) {
	h := &base.ToHeader{}
	var err error
	h.DisplayName, h.Params, err = single(text, &h.Address)
	return h, err
}

func parseContact(_ []byte, text string) (Header, error) {
	h := &base.ContactHeader{}
	var err error
	h.DisplayName, h.Params, err = single(text, &h.Address)
	return h, err
}

// single reads a header of one address into the parts of the message model.
func single(text string, uri *URI) (display string, params base.HeaderParams, err error) {
	if cut(text, ',') >= 0 {
		return "", nil, ErrMalformed
	}
	var a NameAddr
	rest, err := a.read(text, uri)
	if err != nil {
		return "", nil, err
	}
	if a.Wildcard {
		*uri = URI{Host: "*", Wildcard: true}
	}
	return Escape(a.Display), modelParams(rest), nil
}

// parseViaHeader reads one value, and tells the header loop of the parser where the next one of the list begins in the
// only way it understands: with the comma error of the model's own Via parser.
func parseViaHeader(std base.HeaderParser) base.HeaderParser {
	return func(_ []byte, text string) (Header, error) {
		first, comma := text, cut(text, ',')
		if comma >= 0 {
			first = text[:comma]
		}
		v, params, err := readVia(first)
		if err != nil || comma >= 0 && comma < len(viaProbe) {
			return NewHeader("Via", text), nil
		}
		if comma >= 0 {
			_, err = std(nil, viaProbe+strings.Repeat("x", comma-len(viaProbe))+",")
		}
		return v.model(modelParams(params)), err
	}
}

const viaProbe = "S/2/U h;"
