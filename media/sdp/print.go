package sdp

import "strconv"

// Append prints the description at the end of dst, in the order of RFC 8866 §5, with CR LF line ends.
func (s *Session) Append(dst []byte) []byte {
	o := s.Origin
	dst = line(dst, 'v', "0")
	dst = line(dst, 'o', or(o.User, "-"), or(o.SessionID, "0"), or(o.Version, "0"), "IN", or(o.AddrType, "IP4"), or(o.Host, "0.0.0.0"))
	dst = line(dst, 's', or(s.Name, "-"))
	for _, c := range s.Connections {
		dst = line(dst, 'c', "IN", c.AddrType, c.Host)
	}
	for _, b := range s.Bandwidth {
		dst = line(dst, 'b', b)
	}
	dst = line(dst, 't', or(s.Timing, "0 0"))
	dst = attributes(dst, s.Attributes)
	for i := range s.Media {
		dst = s.Media[i].append(dst)
	}
	return dst
}

func (m *Media) append(dst []byte) []byte {
	dst = line(dst, 'm', append([]string{m.Kind, strconv.Itoa(m.Port), m.Proto}, m.Formats...)...)
	for _, c := range m.Connections {
		dst = line(dst, 'c', "IN", c.AddrType, c.Host)
	}
	for _, b := range m.Bandwidth {
		dst = line(dst, 'b', b)
	}
	return attributes(dst, m.Attributes)
}

func attributes(dst []byte, list []Attribute) []byte {
	for _, a := range list {
		dst = append(dst, 'a', '=')
		dst = append(dst, a.Name...)
		if a.Value != "" {
			dst = append(dst, ':')
			dst = append(dst, a.Value...)
		}
		dst = append(dst, '\r', '\n')
	}
	return dst
}

func line(dst []byte, kind byte, words ...string) []byte {
	dst = append(dst, kind)
	sep := byte('=')
	for _, w := range words {
		dst = append(dst, sep)
		dst = append(dst, w...)
		sep = ' '
	}
	return append(dst, '\r', '\n')
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
