package engine

import (
	"slices"
	"strings"

	"tandem/store"
	"tandem/store/journey"
)

// searcher goes through records, newest first.
type searcher struct {
	tx      Tx
	q       store.Query
	list    []journey.Record
	scanned int
}

// searchPage is how many records are read together.
const searchPage = 100

// all goes through every record.
func (s *searcher) all() {
	before := s.q.Before
	for {
		r := Range{Reverse: true}
		if before != "" {
			r.From = []byte(before)
		}
		var page []string
		s.tx.Scan(records, r, func(k, _ []byte) bool {
			if id := string(k); id != before {
				page = append(page, id)
			}
			return len(page) < searchPage
		})
		if len(page) == 0 || !s.each(page) {
			return
		}
		before = page[len(page)-1]
	}
}

// each looks at records until enough are found or looked at.
func (s *searcher) each(ids []string) bool {
	for page := range slices.Chunk(ids, searchPage) {
		fetchSearch(s.tx, page, s.q.Text != "")
		if !s.look(page) {
			return false
		}
	}
	return true
}

func (s *searcher) look(ids []string) bool {
	for _, id := range ids {
		s.scanned++
		if r, err := readRecord(s.tx, id); err == nil && matches(s.tx, r, s.q) {
			s.list = append(s.list, r)
		}
		if len(s.list) >= clamp(s.q.Limit) || s.scanned >= maxScanned {
			return false
		}
	}
	return true
}

// owners gives the customers that a query names, all ids of each, and whether it names any.
func (e *Engine) owners(tx Tx, q store.Query) (list []string, narrow bool) {
	if q.Identity == "" {
		if q.Customer == "" {
			return nil, false
		}
		return membersOf(tx, q.Customer), true
	}
	for _, t := range []journey.IdentityType{journey.Tel, journey.SIP, journey.Mail, journey.Web, journey.Ext} {
		for _, l := range e.loadIdentity(tx, t, q.Identity).Links {
			if (q.Customer == "" || l.root == rootOf(tx, q.Customer)) && !slices.Contains(list, l.Customer) {
				list = append(list, membersOf(tx, l.root)...)
			}
		}
	}
	return list, true
}

func matches(tx Tx, r journey.Record, q store.Query) bool {
	if q.State != "" && r.State != q.State || !q.Since.IsZero() && r.Opened.Before(q.Since) {
		return false
	}
	if q.Text == "" {
		return true
	}
	for _, s := range []string{r.ID, r.Topic, r.Outcome} {
		if strings.Contains(strings.ToLower(s), q.Text) {
			return true
		}
	}
	for _, v := range r.Attributes {
		if strings.Contains(strings.ToLower(v), q.Text) {
			return true
		}
	}
	c, err := whole(tx, r.Customer)
	if err != nil {
		return false
	}
	return strings.Contains(strings.ToLower(c.Name), q.Text) || slices.ContainsFunc(c.Identities, func(i journey.Identity) bool {
		return strings.Contains(strings.ToLower(i.Value), q.Text)
	})
}
