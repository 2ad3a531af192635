package access

import (
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
)

// ForgeryHeader must stand, with any value, in requests of a signed-in page that change something: no other site can make a browser send it.
const ForgeryHeader = "X-Tandem-Request"

// safe tells whether a request changes nothing. A WebSocket's handshake counts as a change: no rule of the browser guards it.
func safe(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return !upgrades(r)
	}
	return false
}

func upgrades(r *http.Request) bool {
	return r.Header.Get("Upgrade") != ""
}

// ownOrigin tells whether an origin is the one that the request was sent to.
func (k *Keeper) ownOrigin(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if k.cfg.Secure && u.Scheme != "https" {
		return false
	}
	return (u.Scheme == "https" || u.Scheme == "http") && strings.EqualFold(u.Host, r.Host)
}

// listed tells whether an origin is one of Config.Origins.
func (k *Keeper) listed(origin string) bool {
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" {
		return false
	}
	return slices.ContainsFunc(k.cfg.Origins, func(pattern string) bool {
		fits, err := path.Match(pattern, u.Scheme+"://"+u.Host)
		return fits && err == nil
	})
}

// checkOrigin lets scripts of our own and of listed origins in, and answers the questions that browsers ask beforehand (CORS).
func (k *Keeper) checkOrigin(w http.ResponseWriter, r *http.Request, a Area) bool {
	origin := r.Header.Get("Origin")
	w.Header().Add("Vary", "Origin")
	if origin == "" || k.ownOrigin(r, origin) {
		return true
	}
	listed := k.listed(origin)
	switch {
	case listed:
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Expose-Headers", "ETag, Location, Retry-After, X-Request-Id, Idempotent-Replay")
	case a.AnyOrigin:
		w.Header().Set("Access-Control-Allow-Origin", "*")
	case safe(r) && r.Method != http.MethodOptions:
		return true // the browser keeps the answer from the script, and a picture or link is harmless
	default:
		k.m.refused("origin")
		WriteProblem(w, r, Problem{Status: http.StatusForbidden, Detail: "scripts of this origin may not do this here",
			Do: "list the origin in the configuration, or call from a server"})
		return false
	}
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		k.preflight(w, listed)
		return false
	}
	return true
}

func (k *Keeper) preflight(w http.ResponseWriter, listed bool) {
	h := w.Header()
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	if listed {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "+ForgeryHeader)
	}
	w.WriteHeader(http.StatusNoContent)
}

// checkForgery wants proof that a signed-in page of ours sent a request that changes something: the origin, and a header where a page can
// set one. The cookie's SameSite=Strict says the same; neither is trusted alone.
func (k *Keeper) checkForgery(w http.ResponseWriter, r *http.Request) bool {
	if safe(r) {
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" && r.Header.Get("Sec-Fetch-Site") != "same-origin" || origin != "" && !k.ownOrigin(r, origin) {
		return k.refuseForgery(w, r, "a session's request must come from a page of this origin", "use an API token from elsewhere")
	}
	if !upgrades(r) && r.Header.Get(ForgeryHeader) == "" {
		return k.refuseForgery(w, r, "the header "+ForgeryHeader+" is missing", "send "+ForgeryHeader+": 1 with every request that changes something")
	}
	return true
}

func (k *Keeper) refuseForgery(w http.ResponseWriter, r *http.Request, detail, do string) bool {
	k.m.refused("forgery")
	WriteProblem(w, r, Problem{Status: http.StatusForbidden, Detail: detail, Do: do})
	return false
}

// clientAddr gives who a request is from: the address as limits count it, an IPv6 one by its /64. Behind known proxies it is the last one
// of X-Forwarded-For that is no proxy of ours.
func (k *Keeper) clientAddr(r *http.Request) string {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "unknown"
	}
	addr := ap.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && k.isProxy(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
	}
	if addr.Is6() {
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}

func (k *Keeper) addressKey(r *http.Request) string { return RemoteAddr(r.Context()) }

func (k *Keeper) isProxy(a netip.Addr) bool {
	return slices.ContainsFunc(k.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}
