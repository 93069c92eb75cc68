package record

import (
	"net/netip"
	"slices"
	"sync"
)

// Why connections are closed at once.
const (
	reasonNotAllowed = "not allowed"
	reasonTooMany    = "too many connections"
	reasonPerAddress = "too many connections of one address"
	reasonStopped    = "stopped"
)

// gate counts connections and says who may have one.
type gate struct {
	allow     []netip.Prefix // nil: all
	most      int
	mostOfOne int

	mu    sync.Mutex
	total int             // guarded by mu
	of    map[addrKey]int // guarded by mu
}

// enter counts a connection, or says why it is refused. An address that is not valid is the end of a tunnel.
func (g *gate) enter(addr addrKey) (refused string) {
	permitted := func(p netip.Prefix) bool { return p.Contains(addr.WithZone("")) }
	if addr.IsValid() && g.allow != nil && !slices.ContainsFunc(g.allow, permitted) {
		return reasonNotAllowed
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.total >= g.most:
		return reasonTooMany
	case addr.IsValid() && g.of[addr] >= g.mostOfOne:
		return reasonPerAddress
	}
	g.total++
	g.of[addr]++
	return ""
}

func (g *gate) leave(addr addrKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.of[addr]--; g.of[addr] == 0 {
		delete(g.of, addr)
	}
}
