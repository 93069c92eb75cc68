package column

import "net/netip"

// putIPv6 writes a list of IPv6 addresses in the form of RFC 5952: their first bytes, their second bytes and so on.
func (s *sink) putIPv6(v [][]byte) bool {
	start := len(s.text)
	for i, x := range v {
		a, ok := parseIPv6(x)
		if !ok {
			s.text = s.text[:start]
			return false
		}
		if i == 0 {
			s.text = append(s.text, make([]byte, 16*len(v))...)
		}
		for j, c := range a {
			s.text[start+j*len(v)+i] = c
		}
	}
	s.putHead(kindIPv6, nil)
	return true
}

func parseIPv6(v []byte) (a [16]byte, ok bool) {
	if len(v) < 2 || len(v) > 39 {
		return a, false
	}
	addr, err := netip.ParseAddr(string(v))
	if err != nil || !addr.Is6() || addr.Is4In6() || addr.Zone() != "" {
		return a, false
	}
	var again [48]byte
	return addr.As16(), string(addr.AppendTo(again[:0])) == string(v)
}

func (b *Block) ipv6(dst *Texts, l listAt) error {
	data, err := b.stream(streamText)
	if err != nil {
		return err
	}
	data = data[l.at : l.at+16*l.n]
	for i := range l.n {
		dst.Data = addressAt(data, i, l.n).AppendTo(append(dst.Data, l.front...))
		dst.end()
	}
	return nil
}
