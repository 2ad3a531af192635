package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tandem/acd"
	"tandem/digital"
	"tandem/digital/api"
	"tandem/digital/callback"
	"tandem/store"
	"tandem/store/journey"
)

// erasing is what belongs to a customer outside his sealed records, read before their keys are destroyed.
type erasing struct {
	records       map[string]bool
	conversations []string
	recordings    []string // files below the recordings folder
}

// EraseCustomer implements api.Customers. The store goes first: what follows can be done again.
func (m apiMatters) EraseCustomer(ctx context.Context, id, by string) (api.Erasure, error) {
	e, err := m.belongings(id)
	if err != nil {
		return api.Erasure{}, storeAPI(err, "customer", id)
	}
	if err := m.write(ctx, "customer", id, store.Batch{Erase: []store.Erasure{{Customer: id, By: by, At: time.Now()}}}); err != nil {
		return api.Erasure{}, err
	}
	out := api.Erasure{Customer: id, Records: len(e.records), Ended: []string{}, InHand: []string{}, Recordings: e.recordings, NotReached: notReached}
	if out.Recordings == nil {
		out.Recordings = []string{}
	}
	err = m.g.eraseWork(ctx, e.records, &out)
	err = errors.Join(err, m.g.eraseAttachments(e.conversations, &out))
	m.g.log.Info("customer erased", "customer", id, "by", by, "err", err)
	if err != nil { // the keys are gone; the rest is tried again by the next erasure
		return out, apiError(err)
	}
	return out, nil
}

// notReached is what an erasure leaves to the operator.
var notReached = []string{
	"call detail records (cdr.path and its older files): they are for others to read, and keep caller and called number",
	"the files of recordings (recordings.path), which the answer names",
	"log files and traces",
	"the number of a customer who wants no more texts: it is what keeps them from being sent",
	"answers kept for an Idempotency-Key: up to 24 hours",
	"items that an agent has in hand: until they end",
	"attachments that another node of the site has taken in",
	"what webhooks and the event stream have told others: ids, times and kinds, nothing personal",
}

// belongings finds what belongs to a customer.
func (m apiMatters) belongings(id string) (e erasing, err error) {
	if _, err := m.g.store.Customer(id); err != nil {
		return e, err
	}
	e.records = map[string]bool{}
	for before := ""; ; {
		part, err := m.g.store.Search(store.Query{Customer: id, Before: before, Limit: store.MaxRead})
		if err != nil {
			return e, err
		}
		for _, r := range part {
			before = r.ID
			e.records[r.ID] = true
			if err := e.read(m.g.store, r.ID); err != nil {
				return e, err
			}
		}
		if len(part) < store.MaxRead {
			return e, nil
		}
	}
}

// read notes what a record's timeline names.
func (e *erasing) read(st store.Store, record string) error {
	for after := uint64(0); ; {
		events, err := st.Timeline(record, after, store.MaxRead)
		if err != nil {
			return err
		}
		for _, ev := range events {
			after = ev.Seq
			if ev.Kind == journey.ConversationOpened {
				e.conversations = append(e.conversations, ev.Interaction)
			}
			if file := ev.Data[journey.DataRecording]; file != "" && !slices.Contains(e.recordings, file) {
				e.recordings = append(e.recordings, file)
			}
		}
		if len(events) < store.MaxRead {
			return nil
		}
	}
}

// eraseWork ends what waits for the customer, and has the dispatcher's journal begin anew behind it. What an agent has in hand goes on.
func (g *site) eraseWork(ctx context.Context, records map[string]bool, out *api.Erasure) error {
	for _, v := range g.hub.Views() {
		if records[v.Record] && v.Agent == "" && v.State != "closed" {
			_ = g.hub.Post(v.ID, digital.EndConversation{By: "system", Why: "erased"}) // one that has ended meanwhile needs no end
		}
	}
	for _, medium := range []acd.Media{acd.Voice, acd.Callback, acd.Chat, acd.Message, acd.Task, acd.Email, acd.Video} {
		items, err := g.dispatcher.OfMedia(ctx, medium)
		if err != nil {
			return err
		}
		for _, v := range items {
			switch {
			case !records[v.Item.Record]:
			case v.Agent != "":
				out.InHand = append(out.InHand, v.Item.ID)
			default:
				out.Ended = append(out.Ended, v.Item.ID)
				if err := g.endErased(v); err != nil {
					return err
				}
			}
		}
	}
	im, err := g.dispatcher.Image(ctx)
	if err != nil {
		return err
	}
	return g.work.Snapshot(im)
}

// endErased ends one item that waits.
func (g *site) endErased(v acd.ItemView) error {
	if v.Item.Media == acd.Callback { // its planner ends it
		g.callbacks.tell(callback.Cancel{Item: v.Item.ID, By: "api"})
		return nil
	}
	return g.dispatcher.Post(acd.Cancel{Item: v.Item.ID, Reason: "erased"})
}

// attachments is the folder of visitors' files.
func (g *site) attachments() visitFiles {
	return visitFiles{filepath.Join(filepath.Dir(g.cfg.Store.Path), "attachments")}
}

// eraseAttachments removes the files of conversations.
func (g *site) eraseAttachments(conversations []string, out *api.Erasure) error {
	files := g.attachments()
	var faults []error
	for _, id := range conversations {
		if !refForm.MatchString(strings.TrimPrefix(id, "v_")) {
			continue // it has no folder
		}
		folder := filepath.Join(files.dir, id)
		list, err := os.ReadDir(folder)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.RemoveAll(folder)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		out.Attachments += len(list) / 2 // each has its bytes, and what is known of it
	}
	return errors.Join(faults...)
}
