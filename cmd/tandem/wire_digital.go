package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"tandem/acd"
	"tandem/digital"
	"tandem/digital/desk"
	"tandem/digital/webchat"
	"tandem/ivr"
	"tandem/sip/softphone"
	"tandem/store/journey"
)

// openWords makes the hub of conversations.
func (g *site) openWords() (err error) {
	cfg := digital.Defaults()
	cfg.Words = g.say.In
	cfg.ChatIdle, cfg.ChatAway, cfg.ChatEmpty = g.cfg.Chat.Idle, g.cfg.Chat.Away, g.cfg.Chat.Empty
	g.proofs, g.links = newProofs(), textLimit{textLimits: linkLimits}
	g.hub, err = digital.New(cfg, digital.Parts{
		Records: g.words, Journal: g.words, Queues: g.words, Router: chatRouter{g, cfg.Notices}, Texts: g.texts, Wishes: wishes{g}, Observer: g.words, Adapters: g.smsAdapters(),
		Metrics: digital.NewMetrics(g.registry), Log: g.log,
	})
	if err != nil {
		return fmt.Errorf("conversations: %w", err)
	}
	return nil
}

// wakeWords loads the conversations that the dispatcher has after a restart, so that what was durable but not sent goes on its way.
func (g *site) wakeWords(ctx context.Context) {
	for _, m := range []acd.Media{acd.Chat, acd.Message} {
		items, err := g.dispatcher.OfMedia(ctx, m)
		if err != nil {
			return // the dispatcher ends
		}
		for _, v := range items {
			if err := g.hub.Wake(v.Item.Interaction); err != nil {
				g.log.Error("conversation not woken", "conversation", v.Item.Interaction, "err", err)
			}
		}
	}
}

// openDesk makes what stands behind the pages of agents: their phones and their socket.
func (g *site) openDesk() (err error) {
	set := softphone.New(softphone.Config{Gateway: g.endpoints[0], Domain: g.cfg.SIP.Domain, Log: g.log, Registry: g.registry})
	queue := func() *acd.Dispatcher { return g.dispatcher }
	g.pages = newPagePhones(&pagePhones{
		set: set, desk: func() *desk.Server { return g.desk }, queue: queue, endpoint: g.agentEndpoint, tokens: g.tokens, log: g.log,
	})
	g.desk, err = desk.New(desk.Config{
		Rooms: deskRooms{g.pages, g.words, g}, Person: person, Origins: originsOf(g.cfg.HTTP.Origins), Metrics: desk.NewMetrics(g.registry), Log: g.log,
	})
	g.deskDoor.desk, g.deskDoor.pages = g.desk, g.pages
	return err
}

// openChat makes the visitors' door, and the phones behind it.
func (g *site) openChat() (err error) {
	g.visits = newVisitPhones(&visitPhones{
		set: g.pages.set, room: func() *webchat.Room { return g.chat }, hub: func() *digital.Hub { return g.hub }, target: g.visitTarget, tokens: g.tokens, log: g.log,
	})
	cfg := webchat.Defaults()
	cfg.Origins, cfg.Address = originsOf(g.cfg.HTTP.Origins), visitorAddr
	g.chat, err = webchat.New(cfg, webchat.Parts{
		Hub: g.hub, Sessions: visitSessions{documents{g.store}}, Files: g.attachments(), Caller: g.visits,
		Metrics: webchat.NewMetrics(g.registry), Log: g.log,
	})
	return err
}

// visitTarget is whom a visitor calls: the agent who has his conversation, else the queue of the chat.
func (g *site) visitTarget(v digital.View) string {
	if endpoint, _ := g.agentEndpoint(v.Agent); endpoint != "" {
		return endpoint
	}
	_, queue := g.lead(journey.Chat, "")
	return queueUser + queue
}

// agentEndpoint is the phone that an agent is rung at, and the name shown.
func (g *site) agentEndpoint(agent string) (name, display string) {
	a := g.cfg.Agents[agent]
	if a == nil {
		return "", ""
	}
	return a.Endpoint, g.agentName(agent)
}

// agentName is an agent as customers see him.
func (g *site) agentName(agent string) string {
	if a := g.cfg.Agents[agent]; a != nil && a.Name != "" {
		return a.Name
	}
	return agent
}

// dispositions are the outcome codes of a queue.
func (g *site) dispositions(queue string) []string {
	if q := g.cfg.Queues[queue]; q != nil {
		return q.Dispositions
	}
	return nil
}

// serveHTTP serves the door until ctx ends.
func (g *site) serveHTTP(ctx context.Context) error {
	server := g.access.Server(g.door)
	if g.shared != nil {
		return g.shared.serveOwner(ctx, server.Handler, g.control)
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(g.http); err != nil && err != http.ErrServerClosed {
		return err
	}
	return nil
}

// chatRouter decides who answers a conversation: the flow of its channel, else its queue.
type chatRouter struct {
	g       *site
	notices digital.Notices
}

// Route implements digital.Router. One who comes back to a conversation that an agent had goes to the queue again, not to the flow.
func (r chatRouter) Route(s digital.Situation) digital.Route {
	flow, queue := r.g.lead(s.Arrival.Channel, s.Arrival.To)
	if wanted := s.Arrival.Queue; r.g.cfg.Queues[wanted] != nil {
		flow, queue = "", wanted
	}
	if s.Resumed && s.LastAgent != "" && queue != "" || flow == "" {
		notices := r.notices.In(func(text string) string { return r.g.say.In(s.Language, text) })
		return digital.Route{Script: digital.NewDirect(queue, notices), Flow: "queue " + queue}
	}
	facts := ivr.Facts{ID: s.Arrival.Conversation, To: s.Arrival.To, Language: s.Identity.Language, Attributes: s.Identity.Attributes}
	if len(s.Arrival.Identities) > 0 {
		facts.From = s.Arrival.Identities[0].Value
	}
	script := newChatScript(r.g.router.set, flow, facts)
	script.number = r.g.callable
	if s.Arrival.Channel == journey.SMS {
		script.known = facts.From
	}
	return digital.Route{Script: script, Flow: flow}
}

// lead is the flow and the queue of a channel; the first queue where none is named.
func (g *site) lead(channel journey.Channel, to string) (flow, queue string) {
	flow, queue = g.cfg.Chat.Flow, g.cfg.Chat.Queue
	if channel == journey.SMS {
		flow, queue = "", ""
		for _, s := range g.cfg.SMS {
			if s.Number == to {
				flow, queue = s.Flow, s.Queue
			}
		}
	}
	if queue == "" {
		queue = firstQueue(g.cfg)
	}
	return flow, queue
}

// wishes takes what conversations want of other rooms.
type wishes struct{ g *site }

// CallWanted implements digital.Wishes: the agent who has the conversation is shown that the customer wants to talk.
func (w wishes) CallWanted(c digital.CallWanted) error {
	if c.Agent == "" {
		return fmt.Errorf("nobody has the conversation: %w", digital.ErrInvalid)
	}
	_, items, _ := w.g.desk.Held(c.Agent)
	if !slices.ContainsFunc(items, func(i desk.Item) bool { return i.Item == c.Item }) {
		return fmt.Errorf("the agent's page does not have it: %w", digital.ErrInvalid)
	}
	return nil
}

// CallbackWanted implements digital.Wishes.
func (w wishes) CallbackWanted(c digital.CallbackWanted) error {
	return w.later(c.Conversation, func() digital.WishDone { return w.g.bookConversation(c) })
}

// later takes a wish whose answer needs other rooms.
func (w wishes) later(conversation string, do func() digital.WishDone) error {
	err := w.g.callbacks.wishes.run(func() { // bounded by callbackTime
		if err := w.g.hub.Post(conversation, do()); err != nil {
			w.g.log.Info("wish answered to nobody", "conversation", conversation, "err", err)
		}
	})
	return cmp.Or(err, digital.ErrLater)
}

// LinkWanted implements digital.Wishes.
func (w wishes) LinkWanted(l digital.LinkWanted) error {
	return w.later(l.Conversation, func() digital.WishDone {
		return digital.WishDone{ID: l.ID, Err: w.g.sendLink(link{record: l.Record, to: l.To, text: l.Text})}
	})
}
