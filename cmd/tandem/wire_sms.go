package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/digital"
	"tandem/digital/smpp"
	"tandem/digital/smpp/smsc"
	"tandem/digital/sms"
	"tandem/digital/sms/panel"
	"tandem/digital/sms/provider"
	"tandem/digital/wording"
	"tandem/store"
	"tandem/store/journey"
)

// openSMS makes the adapter of text messages, with a carrier for each account, and the built-in message centre where that is one.
func (g *site) openSMS() error {
	if len(g.cfg.SMS) == 0 {
		return nil
	}
	outs, err := newOptOuts(g.store)
	if err != nil {
		return fmt.Errorf("sms: %w", err)
	}
	g.optedOut = outs.OptedOut
	var senders []string
	carriers, figures := sms.NewSeveral(), smpp.NewMetrics(g.registry)
	for _, name := range slices.Sorted(maps.Keys(g.cfg.SMS)) {
		account := g.cfg.SMS[name]
		carrier, err := g.smsCarrier(account, figures)
		if err != nil {
			return fmt.Errorf("sms.%s: %w", name, err)
		}
		carriers.Add(name, account.Number, carrier)
		senders = append(senders, account.Number)
	}
	replies := sms.Replies{Stop: g.say.In("", wording.Stopped), Start: g.say.In("", wording.Started)}
	g.sms, err = sms.New(sms.Config{Senders: senders, Country: g.cfg.Country, Attested: true, Replies: replies}, sms.Deps{
		Log: g.log, Registry: g.registry, Carrier: carriers, OptOuts: outs,
	})
	if err != nil {
		return fmt.Errorf("sms: %w", err)
	}
	g.text = g.textNumber
	return nil
}

// smsCarrier is who moves an account's texts: a message centre by SMPP, or a provider by HTTP.
func (g *site) smsCarrier(a *config.SMS, figures *smpp.Metrics) (sms.Carrier, error) {
	if a.SMPP == "" {
		path := smsPath + "/" + url.PathEscape(a.Name)
		p, err := provider.New(httpProvider(a, a.Password.Reveal(), g.public()+path), provider.Deps{Log: g.log})
		if err == nil {
			g.smsHooks.Handle(path+"/", http.StripPrefix(path, p.Handler()))
		}
		return p, err
	}
	deps := smpp.Deps{Log: g.log, Metrics: figures}
	bind := a.Binding()
	if a.SMPP == config.Simulator {
		if err := g.openSimulator(&bind, &deps); err != nil {
			return nil, err
		}
	}
	return smppCarrier(a, bind, deps)
}

// smppCarrier moves texts by one bind that sends and receives, or by one for each.
func smppCarrier(a *config.SMS, bind smpp.Config, deps smpp.Deps) (*sms.SMPP, error) {
	c := sms.SMPPConfig{Send: bind, Receipts: true, HexIDs: a.HexIDs, Again: a.Unanswered == config.Again}
	if a.Bind == config.Separate {
		receive := bind
		receive.Name, receive.Mode = bind.Name+"-receive", smpp.Receiver
		c.Receive = &receive
	}
	return sms.NewSMPP(c, sms.SMPPDeps{Log: deps.Log, Client: deps, Metrics: deps.Metrics})
}

// smsPath is where the webhooks of providers arrive: smsPath/ACCOUNT/message and smsPath/ACCOUNT/status.
const smsPath = "/sms"

// httpProvider describes an account's provider. The generic one takes {"from", "to", "text", "key"} with the secret as bearer and answers
// {"id"}; what it sends us is {"id", "from", "to", "text"} and {"id", "status", "reason"}, signed with HMAC-SHA256.
func httpProvider(a *config.SMS, secret, public string) provider.Config {
	if a.Twilio != "" {
		return provider.Twilio(a.Twilio, secret, public, a.URL)
	}
	return provider.Config{
		Name: a.Name,
		Send: provider.Send{
			URL: a.URL, JSON: map[string]string{"from": "{from}", "to": "{to}", "text": "{text}", "key": "{key}"},
			Auth: provider.Auth{Kind: "bearer", Secret: secret}, ID: "id", Idempotency: "Idempotency-Key",
		},
		Webhook: provider.Webhook{
			Public: public, Verify: provider.HMACVerifier{Secret: secret},
			Message: provider.MessagePaths{External: "id", From: "from", To: "to", Text: "text"},
			Status:  provider.StatusPaths{External: "id", State: "status", Reason: "reason"},
			States: map[string]digital.Delivery{
				"sent": digital.Sent, "delivered": digital.Delivered, "read": digital.Read, "failed": digital.Failed,
			},
		},
	}
}

// openSimulator makes a message centre in this process, with telephones for the demo's page. Client and centre talk over a pipe.
func (g *site) openSimulator(bind *smpp.Config, deps *smpp.Deps) (err error) {
	bind.Address, bind.SystemID, bind.Password = "simulator:2775", "tandem", "tandem"
	g.centre, err = smsc.New(smsc.Config{Accounts: map[string]string{bind.SystemID: bind.Password}}, smsc.Deps{
		Log: g.log, Registry: g.registry, Taken: func(t smsc.Taken) { g.panel.Take(t) },
	})
	if err != nil {
		return fmt.Errorf("sms simulator: %w", err)
	}
	g.panel = panel.New(g.centre)
	deps.Dial = func(context.Context, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		g.centre.Attach(theirs)
		return ours, nil
	}
	return nil
}

// smsStages are what serves text messages.
func (g *site) smsStages() (list []stage) {
	if g.centre != nil {
		list = append(list, stage{"message centre", func(ctx context.Context) error { return g.centre.Serve(ctx, nil) }})
	}
	if g.sms != nil {
		list = append(list, stage{"sms", func(ctx context.Context) error { return g.sms.Run(ctx, g.hub) }})
	}
	return list
}

// smsAdapters are the adapters of text messages.
func (g *site) smsAdapters() []digital.Adapter {
	if g.sms == nil {
		return nil
	}
	return []digital.Adapter{g.sms}
}

// sender is our number for texts to a customer.
func (g *site) sender(to string) string {
	if g.sms == nil {
		return ""
	}
	return g.sms.Sender(to)
}

// phonePanel serves the demo's telephones.
func (g *site) phonePanel() http.Handler {
	if g.panel == nil || !g.demo {
		return http.NotFoundHandler()
	}
	return http.StripPrefix("/demo/phone", g.panel.Handler())
}

// optOuts are the numbers that want no messages: in memory, and as documents of the store.
type optOuts struct {
	store store.Store

	mu   sync.Mutex
	outs map[string]bool // guarded by mu
}

const optOutPrefix = "optout/"

func newOptOuts(st store.Store) (*optOuts, error) {
	o := &optOuts{store: st, outs: map[string]bool{}}
	for after := ""; ; {
		list, err := st.Documents(optOutPrefix, after, store.MaxRead)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			o.outs[strings.TrimPrefix(d.Key, optOutPrefix)] = true
			after = d.Key
		}
		if len(list) < store.MaxRead {
			return o, nil
		}
	}
}

// OptedOut implements sms.OptOuts.
func (o *optOuts) OptedOut(number string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.outs[number]
}

// Change implements sms.OptOuts: the wish holds at once, is durable before it is answered, and stands in the customer's record.
func (o *optOuts) Change(c sms.Change, done func(error)) error {
	o.mu.Lock()
	if c.Out {
		o.outs[c.Number] = true
	} else {
		delete(o.outs, c.Number)
	}
	o.mu.Unlock()
	doc := store.Document{Key: optOutPrefix + c.Number, Version: store.AnyVersion}
	if c.Out {
		doc.Body = []byte(c.At.UTC().Format(time.RFC3339))
	}
	id := journey.Identity{Type: journey.Tel, Value: c.Number, Strength: journey.Attested, Source: "sms"}
	kept := func(err error) {
		if err != nil && !c.Out { // what is not durable does not open the door again
			o.mu.Lock()
			o.outs[c.Number] = true
			o.mu.Unlock()
		}
		done(err)
	}
	return o.store.Resolve(store.Contact{Channel: journey.SMS, At: time.Now(), Identities: []journey.Identity{id}}, func(r store.Resolution) {
		batch := store.Batch{Now: true, Documents: []store.Document{doc}}
		if r.Err == nil {
			batch.Events = []journey.Event{consentEvent(r.Record, c)}
		}
		if err := o.store.Append(batch, func(r store.Receipt) { kept(r.Err) }); err != nil {
			kept(err)
		}
	})
}

func consentEvent(record string, c sms.Change) journey.Event {
	said := journey.OptIn
	if c.Out {
		said = journey.OptOut
	}
	return journey.Event{Record: record, At: time.Now(), Kind: journey.ConsentChanged, Channel: journey.SMS, Actor: "customer", Privacy: journey.Personal,
		Data: map[string]string{journey.DataConsent: string(said), journey.DataText: c.Text}}
}
