package api

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"tandem/digital/api/feed"
	"tandem/digital/api/webhook"
)

// Webhook is a subscription and how it is doing.
type Webhook struct {
	webhook.Subscription
	Status webhook.Status `json:"status"`
}

// IssuedWebhook is a new subscription with its signing secret, which is shown this once.
type IssuedWebhook struct {
	webhook.Subscription
	Secret string `json:"secret" doc:"Verifies signatures: Standard Webhooks, v1"`
}

// WebhookSecret is a new signing secret.
type WebhookSecret struct {
	Secret string `json:"secret"`
}

// Replayed tells what will be delivered again.
type Replayed struct {
	Dead int `json:"dead" doc:"Given-up events that are tried again"`
}

// WebhookPath names a webhook.
type WebhookPath struct {
	Webhook string `path:"webhook" maxLength:"64"`
}

// webhooks gives the deliverer, or says that there is none.
func (s *Server) webhooks() (*webhook.Deliverer, error) {
	if s.Webhooks == nil {
		return nil, missing("webhooks")
	}
	return s.Webhooks, nil
}

// ofWebhook turns the deliverer's errors into ours.
func ofWebhook(err error) error {
	switch {
	case errors.Is(err, webhook.ErrInvalid):
		return Refuse(fmt.Errorf("%w: %w", err, ErrInvalid), "body", "give an https URL that is reachable from the Internet; the configuration may allow others")
	case errors.Is(err, webhook.ErrFull):
		return Refuse(fmt.Errorf("%w: %w", err, ErrConflict), "", "remove one that is not needed")
	}
	return err
}

func (s *Server) registerWebhooks() {
	add(s, "listWebhooks", func(ctx context.Context, in *PageInput) (*listOutput[webhook.Subscription], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		hooks, err := s.webhooks()
		if err != nil {
			return nil, err
		}
		subs, err := hooks.Subscriptions(ctx, page.After, page.Limit+1)
		if err != nil {
			return nil, err
		}
		return full(subs, page.Limit, func(h webhook.Subscription) string { return h.ID }), nil
	})
	add(s, "createWebhook", s.createWebhook)
	add(s, "showWebhook", func(ctx context.Context, in *WebhookPath) (*tagged[Webhook], error) {
		hooks, err := s.webhooks()
		if err != nil {
			return nil, err
		}
		sub, status, err := hooks.Subscription(ctx, in.Webhook)
		return &tagged[Webhook]{ETag: etag(sub.Version), Body: Webhook{sub, status}}, err
	})
	s.registerWebhookChanges()
	s.registerWebhookDeliveries()
}

// webhookInput subscribes a URL.
type webhookInput struct {
	Body struct {
		URL    string   `json:"url" minLength:"1" maxLength:"2048" doc:"https, reachable from the Internet"`
		Name   string   `json:"name,omitempty" maxLength:"128"`
		Types  []string `json:"types,omitempty" maxItems:"32" doc:"Events of these types only; a * at the end stands for the rest"`
		Queues []string `json:"queues,omitempty" maxItems:"32" doc:"Of these queues only"`
		Record string   `json:"record,omitempty" maxLength:"128" doc:"Of this record only"`
	}
}

func (s *Server) createWebhook(ctx context.Context, in *webhookInput) (*created[IssuedWebhook], error) {
	hooks, err := s.webhooks()
	if err != nil {
		return nil, err
	}
	b := in.Body
	sub, secret, err := hooks.Create(ctx, webhook.Subscription{URL: b.URL, Name: b.Name, Filter: feed.Filter{Types: b.Types, Queues: b.Queues, Record: b.Record}})
	return replyNew(IssuedWebhook{sub, secret}, ofWebhook(err), func(h IssuedWebhook) string { return "/v1/webhooks/" + url.PathEscape(h.ID) })
}

func (s *Server) registerWebhookChanges() {
	add(s, "changeWebhook", func(ctx context.Context, in *struct {
		WebhookPath
		MatchInput
		Body struct {
			URL      *string      `json:"url,omitempty" maxLength:"2048"`
			Name     *string      `json:"name,omitempty" maxLength:"128"`
			Filter   *feed.Filter `json:"filter,omitempty"`
			Disabled *bool        `json:"disabled,omitempty"`
		}
	}) (*tagged[webhook.Subscription], error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		hooks, err := s.webhooks()
		if err != nil {
			return nil, err
		}
		b := in.Body
		sub, err := hooks.Change(ctx, in.Webhook, version, webhook.Change{URL: b.URL, Name: b.Name, Filter: b.Filter, Disabled: b.Disabled})
		return &tagged[webhook.Subscription]{ETag: etag(sub.Version), Body: sub}, ofWebhook(err)
	})
	add(s, "removeWebhook", func(ctx context.Context, in *struct {
		WebhookPath
		MatchInput
	}) (*nothing, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		hooks, err := s.webhooks()
		if err != nil {
			return nil, err
		}
		return replyDone(hooks.Remove(ctx, in.Webhook, version))
	})
	add(s, "rotateSecret", func(ctx context.Context, in *WebhookPath) (*output[WebhookSecret], error) {
		hooks, err := s.webhooks()
		if err != nil {
			return nil, err
		}
		secret, err := hooks.Rotate(ctx, in.Webhook)
		return reply(WebhookSecret{secret}, err)
	})
}

func (s *Server) registerWebhookDeliveries() {
	add(s, "listDeliveries", func(ctx context.Context, in *WebhookPath) (*listOutput[webhook.Delivery], error) {
		hooks, err := s.webhooks()
		if err != nil {
			return nil, err
		}
		tries, err := hooks.Deliveries(ctx, in.Webhook)
		return replyPage(tries, "", err)
	})
	add(s, "listDead", func(ctx context.Context, in *struct {
		WebhookPath
		PageInput
	}) (*listOutput[webhook.Dead], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		hooks, err := s.webhooks()
		if err != nil {
			return nil, err
		}
		dead, err := hooks.DeadEvents(ctx, in.Webhook, page.After, page.Limit+1)
		if err != nil {
			return nil, err
		}
		return full(dead, page.Limit, func(d webhook.Dead) string { return d.ID }), nil
	})
	add(s, "replayWebhook", s.replayWebhook)
}

// replayInput says what to deliver again.
type replayInput struct {
	WebhookPath
	Body *struct {
		Dead  []string `json:"dead,omitempty" maxItems:"200" doc:"Ids of given-up events; absent without after: all"`
		After *string  `json:"after,omitempty" maxLength:"128" doc:"Everything behind this cursor; empty: from the oldest kept"`
	}
}

func (s *Server) replayWebhook(ctx context.Context, in *replayInput) (*output[Replayed], error) {
	hooks, err := s.webhooks()
	if err != nil {
		return nil, err
	}
	var dead []string
	if in.Body != nil {
		dead = in.Body.Dead
	}
	if in.Body != nil && in.Body.After != nil {
		if len(dead) > 0 {
			return nil, Refuse(fmt.Errorf("dead and after exclude each other: %w", ErrInvalid), "body", "give one of them")
		}
		return reply(Replayed{}, ofWebhook(hooks.ReplayAfter(ctx, in.Webhook, *in.Body.After)))
	}
	n, err := hooks.Replay(ctx, in.Webhook, dead)
	return reply(Replayed{n}, ofWebhook(err))
}
