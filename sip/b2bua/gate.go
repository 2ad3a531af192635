package b2bua

import (
	"cmp"
	"strings"
	"time"

	"tandem/sip"
	"tandem/sip/digest"
	"tandem/sip/registrar"
	"tandem/sip/transaction"
	"tandem/sip/transport"
	"tandem/sip/trunk"
)

// identify tells who calls: a trunk by its source, everybody else by digest. When it answers false it has answered the request.
func (s *Switch) identify(tx *transaction.ServerTx) (Arrival, bool) {
	req, from := tx.Request(), s.sourceOf(tx).Source
	now := time.Now()
	a := Arrival{Call: callIDOf(now, tx.LocalTag()), Called: presentable(req.Recipient.User), At: now}
	a.Caller, a.Name = callerOf(req)
	if t, ok := s.Trunks.BySource(from.Addr()); ok && t.Config().InboundUser == "" && !tx.Flow().Bound() {
		a.Token = tokenOf(req)
		a.Trunk = t
		return s.takeTrunk(tx, a, t)
	}
	user, ok := s.prove(tx)
	if !ok {
		return a, false
	}
	if tx.Flow().User != "" {
		a.Token = tokenOf(req)
	} else if t, ok := s.Trunks.Match(from.Addr(), user); ok {
		a.Token = tokenOf(req)
		return s.takeTrunk(tx, a, t)
	}
	phone, ok := s.Endpoints.Endpoint(user)
	if !ok {
		s.answer(tx, sip.StatusForbidden)
		return a, false
	}
	if !s.admission.takePhone(phone) {
		s.metrics.phoneFull.Inc()
		s.answer(tx, sip.StatusServiceUnavailable, sip.RetryAfter{After: busyRetry}.Header())
		return a, false
	}
	a.Endpoint = phone.Name
	if a.Caller != anonymous {
		a.Caller, a.Name, a.Outside = cmp.Or(phone.Number, phone.Name), cmp.Or(phone.Display, a.Name), phone.Outside
	}
	return a, true
}

// sourceOf tells where a request came from: through another node of the site, or by itself. Only the former may bring a Path.
func (s *Switch) sourceOf(tx *transaction.ServerTx) registrar.Arrival {
	flow := tx.Flow()
	if s.Edges != nil {
		if name, from, ok := s.Edges.Source(tx.Request()); ok {
			return registrar.Arrival{Source: from, Transport: strings.ToLower(name)}
		}
	}
	for tx.Request().RemoveHeader("Path") {
	}
	a := registrar.Arrival{Source: flow.Remote, Transport: strings.ToLower(flow.Transport)}
	if flow.Reliable() {
		a.Flow = flow.String()
	}
	return a
}

// takeTrunk counts the call against its trunk's limit and reads the numbers by the trunk's rules.
func (s *Switch) takeTrunk(tx *transaction.ServerTx, a Arrival, t *trunk.Trunk) (Arrival, bool) {
	if err := t.Acquire(); err != nil {
		s.metrics.trunkFull.Inc()
		s.answer(tx, sip.StatusServiceUnavailable, sip.RetryAfter{After: busyRetry}.Header())
		return a, false
	}
	a.Trunk = t
	if id := sip.Asserted(tx.Request()); len(id) > 0 && t.Config().TrustID {
		a.Caller, a.Name = presentable(id[0].URI.User), presentable(id[0].Display)
	}
	a.Caller, a.Called = t.Normal(a.Caller), t.Normal(a.Called)
	return a, true
}

// maxToken bounds X-Tandem-Token, in bytes.
const maxToken = 128

// tokenOf is the token that an INVITE brings, "" for one that is none.
func tokenOf(req *sip.Request) string {
	token := sip.HeaderText(req, "X-Tandem-Token")
	if len(token) > maxToken || !sip.IsToken(token) {
		return ""
	}
	return token
}

// prove tells the user that a request comes from: its flow has proven one, or it is asked for digest (RFC 3261 §22). When it answers false it
// has answered the request.
func (s *Switch) prove(tx *transaction.ServerTx) (string, bool) {
	if user := tx.Flow().User; user != "" {
		return user, true
	}
	now, source := time.Now(), s.sourceOf(tx).Source.Addr().String()
	v := s.Digest.Verify(now, tx.Request(), source)
	if v.Outcome == digest.OK {
		return v.User, true
	}
	if err := tx.Respond(s.Digest.Reject(now, tx.Request(), source, v)); err != nil {
		s.log.Debug("challenge not sent", "err", err)
	}
	return "", false
}

// register performs a REGISTER of one of our endpoints.
func (s *Switch) register(tx *transaction.ServerTx) {
	user, ok := s.prove(tx)
	if !ok {
		return
	}
	from := s.sourceOf(tx)
	from.User = user
	res, events := s.Registrar.Register(time.Now(), tx.Request(), from)
	if s.Bindings != nil && len(events) > 0 {
		s.Bindings.Changed(events)
	}
	if err := tx.Respond(res); err != nil {
		s.log.Debug("answer not sent", "method", sip.REGISTER, "err", err)
	}
}

// FlowClosed takes the news that a connection is gone: what was registered over it cannot be reached. It is what an endpoint's
// OnFlowClosed wants.
func (s *Switch) FlowClosed(flow transport.Flow, _ error) {
	if events := s.Registrar.LoseFlow(flow.String(), time.Now()); s.Bindings != nil && len(events) > 0 {
		s.Bindings.Changed(events)
	}
}

// options answers a ping (RFC 3261 §11.2): 503 while we drain.
func (s *Switch) options(tx *transaction.ServerTx) {
	status := sip.StatusOK
	if s.draining.Load() {
		status = sip.StatusServiceUnavailable
	}
	s.answer(tx, status, sip.NewHeader("Allow", allow), sip.NewHeader("Accept", "application/sdp"))
}

// answer sends a response without a dialog.
func (s *Switch) answer(tx *transaction.ServerTx, status int, headers ...sip.Header) {
	if tx.Request().Method == sip.ACK {
		return
	}
	res := sip.NewResponse(tx.Request(), status, "", tx.LocalTag())
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if err := tx.Respond(res); err != nil {
		s.log.Debug("answer not sent", "method", tx.Request().Method, "status", status, "err", err)
	}
}

// anonymous stands for a caller who does not want to be known.
const anonymous = "anonymous"

// callerOf reads who calls from From: user part and display name.
func callerOf(req *sip.Request) (number, name string) {
	h := req.From()
	if h == nil || sip.IsAnonymous(req) {
		return anonymous, ""
	}
	return presentable(h.Address.User), presentable(sip.Unquote(h.DisplayName))
}

// maxPresented bounds numbers and names that others present, in bytes.
const maxPresented = 128

// presentable is text from outside as journal, views and other legs may bear it.
func presentable(s string) string {
	s = sip.Clean(strings.ToValidUTF8(s, ""))
	if len(s) > maxPresented {
		s = strings.ToValidUTF8(s[:maxPresented], "")
	}
	return strings.TrimSpace(s)
}
