package engine

import (
	"slices"
	"strings"

	"tandem/store"
	"tandem/store/journey"
)

// owners gives the customers that a query names, and whether it names any.
func owners(tx Tx, q store.Query) (list []string, narrow bool) {
	if q.Identity == "" {
		return []string{q.Customer}, q.Customer != ""
	}
	for _, t := range []journey.IdentityType{journey.Tel, journey.SIP, journey.Mail, journey.Web, journey.Ext} {
		for _, l := range loadIdentity(tx, t, q.Identity).Links {
			if (q.Customer == "" || l.Customer == q.Customer) && !slices.Contains(list, l.Customer) {
				list = append(list, l.Customer)
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
	c, err := loadCustomer(tx, r.Customer)
	if err != nil {
		return false
	}
	return strings.Contains(strings.ToLower(c.Name), q.Text) || slices.ContainsFunc(c.Identities, func(i journey.Identity) bool {
		return strings.Contains(strings.ToLower(i.Value), q.Text)
	})
}
