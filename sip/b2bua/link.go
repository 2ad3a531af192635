package b2bua

// LinkWish asks that a text message be sent, with a link by which the caller goes on with his record in another channel.
type LinkWish struct {
	Call   string
	ID     int // comes back in LinkAnswer
	Record string
	To     string
	Text   string
}

// Links sends links. Link never waits; LinkAnswer answers a wish that was taken.
type Links interface{ Link(LinkWish) error }

// sendLink passes the wish of a script on.
func (c *Call) sendLink(a SendLink) {
	switch {
	case c.sw.Links == nil || c.record() == "":
		c.queue(LinkAnswered{ID: a.ID, Why: "impossible"})
	default:
		if err := c.sw.Links.Link(LinkWish{Call: c.id, ID: a.ID, Record: c.record(), To: a.To, Text: a.Text}); err != nil {
			c.log.Warn("link not asked for", "err", err)
			c.queue(LinkAnswered{ID: a.ID, Why: "busy"})
		}
	}
}
