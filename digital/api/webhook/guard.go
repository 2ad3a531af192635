package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
)

// ErrForbidden says that an address may not be called.
var ErrForbidden = errors.New("not a public address")

// Guard decides which addresses may be called: public ones, and those allowed. It looks at the address that is really connected to, so a name
// that changes its mind after it was checked gains nothing.
type Guard struct {
	Allow []netip.Prefix // beside public ones
	HTTP  bool           // plain http too
}

// special are the ranges that are not the public Internet (IANA special-purpose registries), beside those that netip knows.
var special = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	"5f00::/16", "fec0::/10")

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

func holds(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Check tells whether an address may be called: nil, or ErrForbidden.
func (g Guard) Check(a netip.Addr) error {
	a = a.Unmap().WithZone("")
	if holds(g.Allow, a) {
		return nil
	}
	public := a.IsValid() && a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !holds(special, a)
	if !public {
		return fmt.Errorf("%s: %w", a, ErrForbidden)
	}
	return nil
}

// CheckURL tells what is wrong with a URL that shall be called.
func (g Guard) CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > 2048:
		return errors.New("not a URL")
	case u.Scheme != "https" && !(g.HTTP && u.Scheme == "http"):
		return errors.New("only https is allowed")
	case u.Hostname() == "":
		return errors.New("without a host")
	case u.User != nil:
		return errors.New("with user or password: secrets do not belong into URLs")
	case u.Fragment != "":
		return errors.New("with a fragment")
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		return g.Check(a)
	}
	return nil
}

// control is a net.Dialer's: it sees the address after the name was resolved.
func (g Guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%s: %w", address, ErrForbidden)
	}
	return g.Check(ap.Addr())
}
