package sip

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	base "github.com/emiago/sipgo/sip"
)

// Via is one Via value (RFC 3261 §20.42), read with the blanks that §25.1 allows around its slashes, colons and semicolons.
type Via struct {
	Transport string // UDP, TCP, TLS, WS, WSS, in upper case
	Host      string // without brackets
	Port      int    // 0 when absent
	Params    Params
}

// ParseVia reads one Via value.
func ParseVia(s string) (Via, error) {
	v, params, err := readVia(s)
	if err != nil {
		return Via{}, err
	}
	v.Params = ParseParams(params)
	return v, nil
}

// readVia reads all but the parameters, whose text it returns.
func readVia(s string) (v Via, params string, err error) {
	head := s
	if i := cut(s, ';'); i >= 0 {
		head, params = s[:i], s[i+1:]
	}
	name, rest, _ := strings.Cut(head, "/")
	version, rest, ok := strings.Cut(rest, "/")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "SIP") || strings.TrimSpace(version) != "2.0" {
		return Via{}, "", fmt.Errorf("via %.60q: protocol: %w", s, ErrMalformed)
	}
	transport, sentBy, ok := cutBlank(strings.TrimSpace(rest))
	if !ok || !IsToken(transport) {
		return Via{}, "", fmt.Errorf("via %.60q: sent-by: %w", s, ErrMalformed)
	}
	v.Transport = strings.ToUpper(transport)
	if v.Host, v.Port, ok = hostPort(sentBy); !ok {
		return Via{}, "", fmt.Errorf("via %.60q: host: %w", s, ErrMalformed)
	}
	return v, params, nil
}

func cutBlank(s string) (before, after string, ok bool) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, "", false
	}
	return s[:i], strings.TrimSpace(s[i:]), true
}

// hostPort splits `host`, `host : port`, `[v6]:port`.
func hostPort(s string) (host string, port int, ok bool) {
	portText := ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, false
		}
		if _, err := netip.ParseAddr(s[1:end]); err != nil {
			return "", 0, false
		}
		host, portText = s[1:end], strings.TrimSpace(s[end+1:])
		if portText != "" && portText[0] != ':' {
			return "", 0, false
		}
		portText = strings.TrimPrefix(portText, ":")
	} else {
		host, portText, _ = strings.Cut(s, ":")
	}
	host = strings.TrimSpace(host)
	if host == "" || strings.ContainsAny(host, " \t,\"<>@") {
		return "", 0, false
	}
	if portText = strings.TrimSpace(portText); portText == "" {
		return host, 0, true
	}
	n, err := strconv.ParseUint(portText, 10, 16)
	return host, int(n), err == nil && n > 0
}

func (v Via) model(params base.HeaderParams) *base.ViaHeader {
	return &base.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: v.Transport, Host: v.Host, Port: v.Port, Params: params}
}
