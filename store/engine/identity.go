package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"time"

	"tandem/store/journey"
)

// link ties an identity to a customer.
type link struct {
	Customer string           `json:"customer"`
	Strength journey.Strength `json:"strength"`
	First    time.Time        `json:"first"`
	Last     time.Time        `json:"last"`

	root string // the customer that stands for Customer
}

// maxLinks bounds the customers of one identity; beyond it the weakest, then oldest link gives way.
const maxLinks = 8

type identityRow struct {
	Shared bool   `json:"shared,omitempty"`
	Links  []link `json:"links,omitempty"`
}

// shared tells whether the identity identifies nobody: it was marked, or enough customers have proven it theirs.
func (r *identityRow) shared() bool {
	proven := map[string]bool{}
	for _, l := range r.Links {
		if l.Strength == journey.Authenticated {
			proven[l.root] = true
		}
	}
	return r.Shared || len(proven) >= journey.SharedAfter
}

// has tells whether the identity belongs to the customer that root stands for.
func (r *identityRow) has(root string) bool {
	for _, l := range r.Links {
		if l.root == root {
			return true
		}
	}
	return false
}

// link adds or renews a link and gives the customer that has it; empty if it was refused. An identity that belongs to
// somebody else gets a second owner only when it is proven.
func (r *identityRow) link(root string, id journey.Identity, at time.Time) (owner string) {
	r.Shared = r.Shared || id.Shared
	for i := range r.Links {
		if l := &r.Links[i]; l.root == root {
			l.Strength = max(l.Strength, id.Strength)
			if at.After(l.Last) {
				l.Last = at
			}
			return l.Customer
		}
	}
	if len(r.Links) > 0 && !r.Shared && id.Strength < journey.Authenticated {
		return ""
	}
	r.Links = append(r.Links, link{root, id.Strength, at, at, root})
	if len(r.Links) > maxLinks {
		r.drop()
	}
	return root
}

func (r *identityRow) drop() {
	weakest := 0
	for i, l := range r.Links[:len(r.Links)-1] {
		w := r.Links[weakest]
		if l.Strength < w.Strength || l.Strength == w.Strength && l.Last.Before(w.Last) {
			weakest = i
		}
	}
	r.Links = append(r.Links[:weakest], r.Links[weakest+1:]...)
}

// code stands for a text in a key: nobody without the site's own data key can tell what it was, or find it by trying.
func (e *Engine) code(parts ...string) []byte {
	mac := hmac.New(sha256.New, e.siteKey)
	mac.Write(join(parts...))
	return mac.Sum(nil)
}

func (e *Engine) identityKey(t journey.IdentityType, value string) []byte {
	return e.code("identity", string(t), value)
}

func (e *Engine) loadIdentity(tx Tx, t journey.IdentityType, value string) *identityRow {
	row := &identityRow{}
	if raw := tx.Get(identities, e.identityKey(t, value)); raw != nil {
		_ = json.Unmarshal(raw, row) // an unreadable row counts as unknown and is written anew
	}
	for i := range row.Links {
		row.Links[i].root = rootOf(tx, row.Links[i].Customer)
	}
	return row
}

func (e *Engine) saveIdentity(tx Tx, t journey.IdentityType, value string, row *identityRow) error {
	if len(row.Links) == 0 && !row.Shared {
		return tx.Delete(identities, e.identityKey(t, value))
	}
	raw, err := json.Marshal(row)
	if err != nil {
		return err
	}
	return tx.Put(identities, e.identityKey(t, value), raw)
}

// maxCustomerIdentities bounds what one customer can collect.
const maxCustomerIdentities = 64

// noteIdentity keeps an identity in its customer.
func noteIdentity(c *journey.Customer, id journey.Identity, at time.Time) bool {
	for i := range c.Identities {
		if x := &c.Identities[i]; x.Type == id.Type && x.Value == id.Value {
			x.Strength, x.Last, x.Shared = max(x.Strength, id.Strength), at, x.Shared || id.Shared
			return true
		}
	}
	if len(c.Identities) >= maxCustomerIdentities {
		return false
	}
	id.First, id.Last = at, at
	c.Identities = append(c.Identities, id)
	return true
}
