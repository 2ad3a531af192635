package desk

import "slices"

// Offer shows an offer, or renews what is shown of it.
func (s *Server) Offer(agent string, o Offer) {
	s.tell(agent, func(st *seat) { st.offers = put(st.offers, o, func(x Offer) string { return x.Offer }) }, out{T: "offer", Offer: &o})
}

// OfferGone takes an offer away: accepted, expired, withdrawn.
func (s *Server) OfferGone(agent, offer, why string) {
	s.tell(agent, func(st *seat) {
		st.offers = slices.DeleteFunc(st.offers, func(x Offer) bool { return x.Offer == offer })
	}, out{T: "offer.gone", ID: offer, Why: why})
}

// Item shows an item in hand, or what has changed of it.
func (s *Server) Item(agent string, i Item) {
	s.tell(agent, func(st *seat) { st.items = put(st.items, i, func(x Item) string { return x.Item }) }, out{T: "item", Item: &i})
}

// ItemGone takes an item away: ended, handed on.
func (s *Server) ItemGone(agent, item, why string) {
	s.tell(agent, func(st *seat) {
		st.items = slices.DeleteFunc(st.items, func(x Item) bool { return x.Item == item })
	}, out{T: "item.gone", ID: item, Why: why})
}

// Call shows a call of the agent's softphone, or what has changed of it.
func (s *Server) Call(agent string, c Call) {
	s.tell(agent, func(st *seat) { st.calls = put(st.calls, c, func(x Call) string { return x.Call }) }, out{T: "call", Call: &c})
}

// CallGone takes a call away.
func (s *Server) CallGone(agent, call, why string) {
	s.tell(agent, func(st *seat) {
		st.calls = slices.DeleteFunc(st.calls, func(x Call) bool { return x.Call == call })
	}, out{T: "call.gone", ID: call, Why: why})
}

// Notice tells an agent something once, in words: what he asked for did not succeed.
func (s *Server) Notice(agent, text string) { s.tell(agent, nil, out{T: "notice", Text: text}) }

// Answer gives the page the SDP answer of a call that it dialled or reattached.
func (s *Server) Answer(agent, call, sdp string) {
	s.tell(agent, nil, out{T: "rtc.answer", ID: call, SDP: sdp})
}

// Heard gives the pages of a user the SDP answer of a call by which he listens.
func (s *Server) Heard(user, call, sdp string) {
	s.tellUser(user, out{T: "rtc.answer", ID: call, SDP: sdp})
}

// HeardGone tells the pages of a user that he does not listen any more.
func (s *Server) HeardGone(user, call, why string) {
	s.tellUser(user, out{T: "call.gone", ID: call, Why: why})
}

// Message shows a message of a conversation that the agent has in hand, or a change of its delivery.
func (s *Server) Message(agent string, m Message) {
	s.tell(agent, nil, out{T: "message", Message: &m})
}

// Typing tells that the customer types.
func (s *Server) Typing(agent, conversation, by string) {
	s.tell(agent, nil, out{T: "typing", ID: conversation, By: by})
}

// Read tells up to which message the customer has read.
func (s *Server) Read(agent, conversation string, seq uint64) {
	s.tell(agent, nil, out{T: "read", ID: conversation, Read: seq})
}

// StoryChanged tells that a record has new lines; the page asks for them if it shows it.
func (s *Server) StoryChanged(agent, record string) {
	s.tell(agent, nil, out{T: "story.changed", ID: record})
}

// Held tells what an agent has in hand, for rooms that must find an item or call of his.
func (s *Server) Held(agent string) ([]Offer, []Item, []Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.seats[agent]
	if st == nil {
		return nil, nil, nil
	}
	return slices.Clone(st.offers), slices.Clone(st.items), slices.Clone(st.calls)
}

// put replaces the entry with the same key, or adds one; the oldest gives way beyond maxInHand.
func put[T any](list []T, v T, key func(T) string) []T {
	if i := slices.IndexFunc(list, func(x T) bool { return key(x) == key(v) }); i >= 0 {
		list[i] = v
		return list
	}
	if len(list) == maxInHand {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, v)
}
