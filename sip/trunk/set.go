package trunk

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// Set holds all trunks of a generation of the configuration. It does not change and is safe for use from several goroutines.
type Set struct {
	trunks  []*Trunk
	byName  map[string]*Trunk
	byUser  map[string]*Trunk
	sources []source // longest prefix first
}

type source struct {
	prefix netip.Prefix
	trunk  *Trunk
}

// NewSet indexes trunks. It reports every name, inbound user and network that two of them claim; networks may lie within each other.
func NewSet(trunks []*Trunk) (*Set, error) {
	s := &Set{trunks: slices.Clone(trunks), byName: make(map[string]*Trunk), byUser: make(map[string]*Trunk)}
	var f faults
	for _, t := range trunks {
		claim(&f, s.byName, t.cfg.Name, t, "name")
		if t.cfg.InboundUser != "" {
			claim(&f, s.byUser, t.cfg.InboundUser, t, "inbound_user")
		}
		for i, text := range t.cfg.Sources {
			prefix, err := parseSource(text)
			if err != nil {
				continue // New has refused it
			}
			s.claimSource(&f, prefix, t, fmt.Sprintf("sources[%d]", i))
		}
	}
	slices.SortStableFunc(s.sources, func(a, b source) int { return cmp.Compare(b.prefix.Bits(), a.prefix.Bits()) })
	return s, f.join()
}

func claim(f *faults, index map[string]*Trunk, key string, t *Trunk, path string) {
	if other := index[key]; other != nil {
		f.duplicate(t, path, key, other)
		return
	}
	index[key] = t
}

func (s *Set) claimSource(f *faults, prefix netip.Prefix, t *Trunk, path string) {
	for _, old := range s.sources {
		if old.prefix == prefix && old.trunk != t {
			f.duplicate(t, path, prefix.String(), old.trunk)
			return
		}
	}
	s.sources = append(s.sources, source{prefix, t})
}

// All returns the trunks in the order of the configuration.
func (s *Set) All() []*Trunk { return slices.Clone(s.trunks) }

// Trunk finds a trunk by name.
func (s *Set) Trunk(name string) (*Trunk, bool) {
	t, ok := s.byName[name]
	return t, ok
}

// BySource finds the trunk that a request belongs to by its sender's address; the narrowest network wins. A trunk with an InboundUser
// is found too: the caller then asks for the proof (Config.InboundUser) before it believes.
func (s *Set) BySource(addr netip.Addr) (*Trunk, bool) {
	addr = addr.Unmap()
	for _, src := range s.sources {
		if src.prefix.Contains(addr) {
			return src.trunk, true
		}
	}
	return nil, false
}

// ByUser finds the trunk whose requests prove this digest user.
func (s *Set) ByUser(user string) (*Trunk, bool) {
	t, ok := s.byUser[user]
	return t, ok
}

// Match finds the trunk of a request: by the user it has proven, else by source among trunks that ask for no proof. A trunk with both
// takes its user from its own sources only.
func (s *Set) Match(addr netip.Addr, user string) (*Trunk, bool) {
	if t, ok := s.byUser[user]; ok && user != "" {
		if len(t.cfg.Sources) > 0 && !s.within(addr, t) {
			return nil, false
		}
		return t, true
	}
	if t, ok := s.BySource(addr); ok && t.cfg.InboundUser == "" {
		return t, true
	}
	return nil, false
}

func (s *Set) within(addr netip.Addr, t *Trunk) bool {
	addr = addr.Unmap()
	return slices.ContainsFunc(s.sources, func(src source) bool { return src.trunk == t && src.prefix.Contains(addr) })
}
