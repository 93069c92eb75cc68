package tunnel

import (
	"strconv"
	"strings"
)

// reach is where a port can be reached from.
type reach uint8

const (
	nowhere reach = iota
	unknown       // the server does not say
	inside        // the server itself
	outside       // everywhere
)

// reachOf reads what listScript prints: lines of /proc/net/tcp and tcp6, or of netstat.
func reachOf(listing string, port int) reach {
	found, any := nowhere, false
	for line := range strings.Lines(listing) {
		host, p, _, ok := listener(strings.Fields(line))
		if any = any || ok; !ok || p != port {
			continue
		}
		if wildcard(host) {
			return outside
		}
		found = inside
	}
	if !any {
		return unknown
	}
	return found
}

// families are those of IP.
type families uint8

const (
	ipv4 families = 1 << iota
	ipv6
)

// familiesOf are those in which a port listens, on any address or on one that everybody reaches, and those in which
// anything does.
func familiesOf(listing string, port int, public bool) (of, all families) {
	for line := range strings.Lines(listing) {
		host, p, f, ok := listener(strings.Fields(line))
		if all |= f; ok && p == port && (!public || wildcard(host)) {
			of |= f
		}
	}
	return of, all
}

// onlyOf is "IPv4" or "IPv6" if a port listens in that family alone, where sockets listen in both; otherwise "".
func onlyOf(listing string, port int, public bool) string {
	switch of, all := familiesOf(listing, port, public); {
	case of == all:
		return ""
	case of == ipv4:
		return "IPv4"
	case of == ipv6:
		return "IPv6"
	}
	return ""
}

// loopback is the name of the server for itself that leads to what listens on a port of its loopback addresses.
func loopback(listing string, port int) string {
	switch onlyOf(listing, port, false) {
	case "IPv4":
		return "127.0.0.1"
	case "IPv6":
		return "[::1]"
	}
	return "localhost"
}

func wildcard(host string) bool { return strings.Trim(host, "0:.*[]") == "" } // 00000000, 0.0.0.0, ::, [::] or *

// listener reads one line about a socket that listens. There are no families if it is none.
func listener(fields []string) (host string, port int, of families, ok bool) {
	switch {
	case len(fields) > 3 && fields[3] == "0A": // sl, local, remote, state
		host, hex, found := strings.Cut(fields[1], ":")
		p, err := strconv.ParseUint(hex, 16, 16)
		if !found || err != nil {
			return "", 0, 0, false
		}
		if len(host) > 8 {
			return host, int(p), ipv6, true
		}
		return host, int(p), ipv4, true
	case len(fields) > 5 && strings.HasPrefix(fields[0], "tcp") && strings.HasPrefix(fields[5], "LISTEN"):
		at := strings.LastIndexAny(fields[3], ":.")
		if at < 0 {
			return "", 0, 0, false
		}
		p, err := strconv.ParseUint(fields[3][at+1:], 10, 16)
		if err != nil {
			return "", 0, 0, false
		}
		return fields[3][:at], int(p), suffixFamilies(fields[0][len("tcp"):]), true
	}
	return "", 0, 0, false
}

// suffixFamilies reads what netstat puts behind tcp.
func suffixFamilies(suffix string) families {
	switch suffix {
	case "6":
		return ipv6
	case "46":
		return ipv4 | ipv6
	}
	return ipv4
}
