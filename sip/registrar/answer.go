package registrar

import (
	"strconv"
	"time"

	"tandem/sip"
)

// accepted builds the 200 with every current binding (RFC 3261 §10.3 step 8).
func (r *Registrar) accepted(now time.Time, req *sip.Request, bindings []Binding) *sip.Response {
	r.metrics.answered(sip.StatusOK)
	res := sip.NewResponse(req, sip.StatusOK, "", sip.NewTag())
	outbound := false
	for i := range bindings {
		res.AppendHeader(bindings[i].header(now))
		outbound = outbound || bindings[i].RegID != 0
	}
	for h := range sip.Fields(req, "Path") {
		res.AppendHeader(sip.NewHeader("Path", h.Value())) // RFC 3327 §5.3
	}
	if outbound && sip.HasToken(req, "Supported", "outbound") {
		res.AppendHeader(sip.NewHeader("Require", "outbound")) // RFC 5626 §6
	}
	res.AppendHeader(sip.NewHeader("Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")))
	return res
}

func (r *Registrar) refused(req *sip.Request, bad *refusal) *sip.Response {
	r.metrics.answered(bad.status)
	res := sip.NewResponse(req, bad.status, bad.reason, sip.NewTag())
	if bad.header != "" {
		res.AppendHeader(sip.NewHeader(bad.header, bad.value))
	}
	if bad.retryAfter > 0 {
		res.AppendHeader(sip.NewHeader("Retry-After", strconv.Itoa(bad.retryAfter)))
	}
	return res
}
