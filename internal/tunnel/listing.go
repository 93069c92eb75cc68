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
		host, p, ok := listener(strings.Fields(line))
		if any = any || ok; !ok || p != port {
			continue
		}
		if strings.Trim(host, "0:.*[]") == "" { // 00000000, 0.0.0.0, ::, [::] or *
			return outside
		}
		found = inside
	}
	if !any {
		return unknown
	}
	return found
}

// listener reads one line about a socket that listens.
func listener(fields []string) (host string, port int, ok bool) {
	switch {
	case len(fields) > 3 && fields[3] == "0A": // sl, local, remote, state
		host, hex, found := strings.Cut(fields[1], ":")
		p, err := strconv.ParseUint(hex, 16, 16)
		return host, int(p), found && err == nil
	case len(fields) > 5 && strings.HasPrefix(fields[0], "tcp") && strings.HasPrefix(fields[5], "LISTEN"):
		at := strings.LastIndexAny(fields[3], ":.")
		if at < 0 {
			return "", 0, false
		}
		p, err := strconv.ParseUint(fields[3][at+1:], 10, 16)
		return fields[3][:at], int(p), err == nil
	}
	return "", 0, false
}
