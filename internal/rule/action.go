package rule

import (
	"net"
	"strconv"
	"strings"
)

// Kind is what an action does.
type Kind uint8

// The kinds of actions.
const (
	Discard  Kind = iota // later rules do not see the entry; it stays in the journal
	File                 // append to the file Target
	Pipe                 // write to the named pipe Target; it is never run as a command
	Terminal             // write to the device Target: a console or terminal
	Users                // write to the terminals of the users in Target, separated by commas
	Wall                 // write to the terminals of all who are logged in
	Forward              // send to the host Target
	Journal              // keep in the journal Target instead of "system"; only in the configuration
	Output               // hand to the output of the configuration that is called Target
	Dynamic              // append to the file that Template names; Target is the name of the template
)

var kindNames = [...]string{"discard", "file", "pipe", "terminal", "users", "wall", "forward", "journal", "output", "dynamic"}

// String returns the name of the kind as "rules test -o json" prints it.
func (k Kind) String() string { return kindNames[k] }

// Transport is how a message travels to another host.
type Transport uint8

// The transports.
const (
	UDP Transport = iota
	TCP
	TLS
	RELP
	RELPTLS
)

// Format is the form in which an action writes entries.
type Format uint8

// The formats. RFC3164ISO is RFC 3164 with the time of RFC 3339, as rsyslog's RSYSLOG_ForwardFormat.
const (
	DefaultFormat Format = iota // that of the output
	RFC3164
	RFC5424
	RFC3164ISO
)

// DefaultPort is the port where none is written: 514, over TLS 6514 (RFC 5425, section 4.1). RELP has none, which is 0.
func (t Transport) DefaultPort() uint16 {
	switch t {
	case TLS:
		return 6514
	case RELP, RELPTLS:
		return 0
	}
	return rsyslogPort
}

const rsyslogPort = 514

// Action is what a rule does with what it selects. Two actions that are equal are the same target.
type Action struct {
	Kind Kind
	// Target is a path, a host (an IPv6 address without brackets), names of users or the name of a journal or output.
	Target string
	// Port is that of a forward, 1…65535. Octets asks for octet counting (RFC 6587, section 3.4.1) over TCP.
	Port      uint16
	Transport Transport
	Octets    bool
	// NoSync says that losing the end of the file with the machine is accepted ("-" before the path).
	NoSync bool
	Format Format
	// Layout is the form of the lines by a template, instead of Format; nil for none.
	Layout *Template
	// Usual says that the form is that of the file, and not of the line: what the configuration says goes before.
	Usual bool
	// Template makes the names of files.
	Template *Template
}

// String writes an action as a syslog.conf does; journals and outputs as the configuration does.
func (a Action) String() string {
	text := ""
	switch a.Kind {
	case Discard:
		return "stop"
	case File, Terminal:
		if text = a.Target; a.NoSync {
			text = "-" + text
		}
	case Dynamic:
		if text = "?" + a.Target; a.NoSync {
			text = "-" + text
		}
	case Pipe:
		text = "|" + a.Target
	case Users:
		return ":omusrmsg:" + a.Target
	case Wall:
		return ":omusrmsg:*"
	case Forward:
		text = a.forward()
	case Journal:
		return "journal: " + a.Target
	case Output:
		return "to: " + a.Target
	}
	switch {
	case a.Usual:
		return text
	case a.Layout != nil:
		return text + ";" + a.Layout.Name
	}
	return text + formatSuffix[a.Format]
}

var formatSuffix = [...]string{"", ";RFC3164", ";RFC5424", ";RSYSLOG_ForwardFormat"}

// forward writes a host with its port, if that is not the usual one.
func (a Action) forward() string {
	host := a.Target
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if a.Port != a.Transport.DefaultPort() {
		host = net.JoinHostPort(a.Target, strconv.Itoa(int(a.Port)))
	}
	switch {
	case a.Transport == TLS:
		return "@tls://" + host
	case a.Transport == RELP:
		return "@relp://" + host
	case a.Transport == RELPTLS:
		return "@relp+tls://" + host
	case a.Transport == TCP && a.Octets:
		return "@@(o)" + host
	case a.Transport == TCP:
		return "@@" + host
	}
	return "@" + host
}
