package config

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"constat/internal/output/target"
)

// returns is what is said of a target that returns.
const returns = " is what this daemon reads: what is sent would come back for ever"

// Returns reports whether what is sent to a target plainly comes back to this daemon: it listens there, or reads there.
func (c *Config) Returns(a target.Address) bool {
	l := c.Listen
	if l == nil {
		l = &Listen{UDP: []string{DefaultSyslog}, TCP: []string{DefaultSyslog}}
	}
	switch a.Scheme {
	case target.UDP:
		return listensOn(l.UDP, a)
	case target.TCP:
		return listensOn(l.TCP, a)
	case target.TLS:
		return slices.ContainsFunc(l.TLS, func(x TLSListener) bool { return listensOn([]string{x.Listens()}, a) })
	case target.RELP, target.RELPTLS:
		return slices.ContainsFunc(l.RELP, func(x RELPListener) bool { return listensOn([]string{x.Listens()}, a) })
	case target.Unixgram:
		return slices.Contains(l.Datagram, a.Path)
	case target.Unix:
		return slices.Contains(l.Stream, a.Path)
	case target.File:
		return slices.ContainsFunc(l.Files, func(x File) bool { return x.Path == a.Path })
	case target.FIFO:
		return slices.ContainsFunc(l.Pipes, func(x Pipe) bool { return x.Path == a.Path })
	}
	return false
}

// CheckReturns is an error if a target returns.
func (c *Config) CheckReturns(a target.Address) error {
	if c.Returns(a) {
		return fmt.Errorf("%s%s", a, returns)
	}
	return nil
}

// listensOn reports whether a target is one of the addresses, or this machine where one of them is every address.
func listensOn(addresses []string, a target.Address) bool {
	return slices.ContainsFunc(addresses, func(address string) bool {
		host, port, err := net.SplitHostPort(address)
		return err == nil && port == a.Port && (strings.EqualFold(host, a.Host) || isEvery(host) && isHere(a.Host) || isLocal(host, a.Host) || isLocal(a.Host, host))
	})
}

// isHere reports whether a host is this machine: its loopback, an address that it has now, or its name.
func isHere(host string) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		own, _ := os.Hostname()
		return strings.EqualFold(host, "localhost") || own != "" && strings.EqualFold(host, own)
	}
	address = address.Unmap().WithZone("")
	return address.IsLoopback() || slices.Contains(ownAddresses(), address)
}

// ownAddresses are those of this machine, as far as it says so.
func ownAddresses() (list []netip.Addr) {
	all, _ := net.InterfaceAddrs() // without them only what is written is known
	for _, a := range all {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, prefix.Addr().Unmap())
		}
	}
	return list
}

// isLocal reports whether a host is the name of the address that another is.
func isLocal(name, host string) bool {
	return strings.EqualFold(name, "localhost") && (host == "127.0.0.1" || host == "::1")
}

// isEvery reports whether a host stands for all addresses of this machine.
func isEvery(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "" || err == nil && address.IsUnspecified()
}
