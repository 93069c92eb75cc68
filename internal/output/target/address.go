// Package target makes targets of what people write: udp://192.0.2.7, tls://log.example:6514, file:///var/log/messages.
package target

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// Scheme is the kind of a target.
type Scheme string

// The schemes.
const (
	UDP      Scheme = "udp"
	TCP      Scheme = "tcp"
	TLS      Scheme = "tls"
	RELP     Scheme = "relp"
	RELPTLS  Scheme = "relp+tls"
	Unix     Scheme = "unix"     // stream
	Unixgram Scheme = "unixgram" // datagrams, as /dev/log
	File     Scheme = "file"
	FIFO     Scheme = "fifo"
	Program  Scheme = "program"
	Terminal Scheme = "terminal"
	Users    Scheme = "users"
)

// ports are those of network targets where none is written; RELP has no assigned one.
var ports = map[Scheme]string{UDP: "514", TCP: "514", TLS: "6514", RELP: "", RELPTLS: ""}

// Address is a target as it is written.
type Address struct {
	Scheme Scheme
	Host   string   // of a network target: a name or an address, without brackets
	Port   string   // 1…65535
	Path   string   // of the others, absolute
	Names  []string // of users; none: all
}

// example is what errors show.
const example = "want udp://HOST[:PORT], tcp://HOST[:PORT], tls://HOST[:PORT], relp://HOST:PORT, relp+tls://HOST:PORT, unix:///PATH," +
	" unixgram:///PATH, file:///PATH, fifo:///PATH, program:///PATH, terminal:///PATH, users:NAME,NAME or users:*"

// Parse reads an address.
func Parse(text string) (a Address, err error) {
	scheme, rest, found := strings.Cut(text, ":")
	a.Scheme = Scheme(scheme)
	if found && a.Scheme == Users {
		return a, a.users(rest)
	}
	u, err := url.Parse(text)
	if err != nil || !strings.HasPrefix(rest, "//") || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return a, fmt.Errorf("%q: %s", text, example)
	}
	if _, network := ports[a.Scheme]; network {
		err = a.network(u)
	} else {
		err = a.local(u)
	}
	if err != nil {
		return a, fmt.Errorf("%q: %w", text, err)
	}
	return a, nil
}

func (a *Address) users(list string) error {
	if list == "*" {
		return nil
	}
	a.Names = strings.Split(list, ",")
	for _, name := range a.Names {
		if name == "" || strings.ContainsAny(name, "*/ \t") {
			return fmt.Errorf("users:%s: want names with commas between them, or *", list)
		}
	}
	return nil
}

func (a *Address) network(u *url.URL) error {
	a.Host, a.Port = u.Hostname(), u.Port()
	if a.Port == "" {
		a.Port = ports[a.Scheme]
	}
	switch n, err := strconv.ParseUint(a.Port, 10, 16); {
	case strings.Contains(a.Host, ":") && !strings.HasPrefix(u.Host, "["):
		return fmt.Errorf("addresses of IPv6 stand in brackets, such as %s://[2001:db8::1]:514", a.Scheme)
	case a.Host == "":
		return fmt.Errorf("no host: %s", example)
	case u.Path != "":
		return fmt.Errorf("%s is not part of a network target", u.Path)
	case a.Port == "":
		return fmt.Errorf("%s has no usual port: name it, such as %s://%s:2514", a.Scheme, a.Scheme, u.Host)
	case err != nil || n == 0:
		return fmt.Errorf("port %q is not 1 to 65535", a.Port)
	}
	return nil
}

func (a *Address) local(u *url.URL) error {
	switch a.Scheme {
	case Unix, Unixgram, File, FIFO, Program, Terminal:
	default:
		return fmt.Errorf("%s", example)
	}
	if a.Path = u.Path; u.Host != "" || !filepath.IsAbs(a.Path) || filepath.Clean(a.Path) != a.Path || a.Path == "/" {
		return fmt.Errorf("want an absolute path behind //, such as %s:///run/log", a.Scheme)
	}
	return nil
}

// IsNetwork reports whether the target is on another machine, as far as can be known.
func (a Address) IsNetwork() bool { _, ok := ports[a.Scheme]; return ok }

// IsSecure reports whether the target is reached over TLS.
func (a Address) IsSecure() bool { return a.Scheme == TLS || a.Scheme == RELPTLS }

// HostPort is HOST:PORT of a network target.
func (a Address) HostPort() string { return net.JoinHostPort(a.Host, a.Port) }

// String writes the address.
func (a Address) String() string {
	switch {
	case a.IsNetwork():
		return string(a.Scheme) + "://" + a.HostPort()
	case a.Scheme == Users && len(a.Names) == 0:
		return "users:*"
	case a.Scheme == Users:
		return "users:" + strings.Join(a.Names, ",")
	}
	return string(a.Scheme) + "://" + a.Path
}
