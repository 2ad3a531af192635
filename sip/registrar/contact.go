package registrar

import (
	"math"
	"strconv"
	"strings"
	"time"

	"tandem/sip"
)

// contact is one wish of a REGISTER.
type contact struct {
	text     string // URI as the device wrote it
	uri      sip.URI
	instance string
	regID    uint32
	q        int
	expires  time.Duration // already within the limits; 0 removes
}

// wishes is all that a REGISTER asks for.
type wishes struct {
	all      bool // Contact: *
	contacts []contact
}

// maxContactLength bounds the stored URI and instance, in bytes.
const maxContactLength = 512

// readWishes reads the Contact headers (RFC 3261 §10.3 steps 6 and 7).
func (c *Config) readWishes(req *sip.Request) (wishes, *refusal) {
	contacts, err := sip.Contacts(req)
	if err != nil {
		return wishes{}, refuse(sip.StatusBadRequest, "Bad Contact")
	}
	if len(contacts) > 2*c.MaxBindings {
		return wishes{}, refuse(sip.StatusForbidden, "Too Many Contacts")
	}
	var w wishes
	for i := range contacts {
		if contacts[i].Wildcard {
			w.all = true
			continue
		}
		wish, bad := c.readContact(req, &contacts[i])
		if bad != nil {
			return wishes{}, bad
		}
		w.contacts = append(w.contacts, wish)
	}
	if zero, given := sip.Expires(req); w.all && (len(contacts) != 1 || !given || zero != 0) {
		return wishes{}, refuse(sip.StatusBadRequest, "Bad Wildcard Contact")
	}
	return w, nil
}

func (c *Config) readContact(req *sip.Request, from *sip.Contact) (contact, *refusal) {
	text := sip.Clean(from.URIText())
	if from.URI.Host == "" || !reachable(text) {
		return contact{}, refuse(sip.StatusBadRequest, "Bad Contact")
	}
	if len(text) > maxContactLength || len(from.Instance) > maxContactLength {
		return contact{}, refuse(sip.StatusBadRequest, "Contact Too Long")
	}
	wish := contact{text: text, uri: *from.URI.Clone(), instance: from.Instance, q: int(math.Round(from.Q * 1000))}
	if wish.instance != "" && from.RegID > 0 && from.RegID < math.MaxInt32 {
		wish.regID = uint32(from.RegID)
	}
	var bad *refusal
	wish.expires, bad = c.interval(req, from)
	return wish, bad
}

// reachable tells whether a stored URI can be printed between angle brackets, read again, and called: sip and sips only.
func reachable(text string) bool {
	scheme, _, _ := strings.Cut(text, ":")
	if !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips") || strings.ContainsAny(text, "<>\" ") {
		return false
	}
	_, err := sip.ParseURI(text)
	return err == nil
}

// interval chooses parameter, header or default, and holds it against the limits. Only a value above zero, below one hour and
// below our minimum may be refused (RFC 3261 §10.3 step 7). A parameter that is not a number counts as one hour (§20.10).
func (c *Config) interval(req *sip.Request, from *sip.Contact) (time.Duration, *refusal) {
	wanted, given := sip.Expires(req)
	switch {
	case from.HasExpires:
		wanted = from.Expires
	case from.Params.Has("expires"):
		wanted = time.Hour
	case !given:
		return c.DefaultExpires, nil
	}
	if wanted > 0 && wanted < c.MinExpires && wanted < time.Hour {
		bad := refuse(sip.StatusIntervalTooBrief, "")
		bad.header, bad.value = "Min-Expires", strconv.Itoa(int(c.MinExpires/time.Second))
		return 0, bad
	}
	return min(wanted, c.MaxExpires), nil
}

// header writes a binding as a Contact value with the seconds left, rounded up.
func (b *Binding) header(now time.Time) sip.Header {
	left := max(b.Expires.Sub(now)+time.Second-1, 0) / time.Second
	v := "<" + b.Contact + ">;expires=" + strconv.Itoa(int(left))
	if b.Q != 1000 {
		v += ";q=" + strconv.FormatFloat(float64(b.Q)/1000, 'f', -1, 64)
	}
	if b.Instance != "" {
		v += ";+sip.instance=" + sip.Quote("<"+b.Instance+">")
	}
	if b.RegID != 0 {
		v += ";reg-id=" + strconv.Itoa(int(b.RegID))
	}
	return sip.NewHeader("Contact", v)
}
