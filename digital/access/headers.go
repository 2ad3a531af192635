package access

import (
	"net/http"
	"strings"
)

// securityHeaders says to browsers what pages of ours may do: run our scripts only, none inline, and stand in frames where the area allows.
func (k *Keeper) securityHeaders(h http.Header, a Area) {
	ancestors := "'none'"
	if len(a.Ancestors) > 0 {
		ancestors = strings.Join(a.Ancestors, " ")
	} else {
		h.Set("X-Frame-Options", "DENY")
	}
	connect := strings.Join(append([]string{"'self'"}, a.Connect...), " ")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "+
		"media-src 'self' blob:; connect-src "+connect+"; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "+
		"frame-ancestors "+ancestors)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "microphone=(self), camera=(), geolocation=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if a.AnyOrigin || len(a.Ancestors) > 0 {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	} else {
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
	}
	if k.cfg.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if !a.Public {
		h.Set("Cache-Control", "no-store")
	}
}
