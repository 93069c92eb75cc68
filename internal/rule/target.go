package rule

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// actions reads one action.
type actions struct {
	text    string
	dialect Dialect
	made    Action
	making  Making // of an action in rsyslog's form
	notes   []fault
	err     *fault
	dynamic string // the template of the name of the file
	format  string // the name of the format or template of the lines

	accounts Accounts
}

func (a *actions) fail(at int, format string, args ...any) {
	if a.err == nil {
		a.err = &fault{at, fmt.Sprintf(format, args...)}
	}
}

func (a *actions) note(at int, format string, args ...any) {
	a.notes = append(a.notes, fault{at, fmt.Sprintf(format, args...)})
}

const wantAction = "a file (/var/log/x), @HOST, users, * or stop"

// parse reads the action by its first letter: a flat table.
func (a *actions) parse() {
	text := a.text
	lower := strings.ToLower(text)
	switch {
	case text == "":
		a.fail(0, "no action: want %s", wantAction)
	case text == "~" || text == "stop":
		a.made.Kind = Discard
	case text == "*" || lower == ":omusrmsg:*":
		a.made.Kind = Wall
	case text[0] == '/' || strings.HasPrefix(text, "-/"):
		a.file()
	case text[0] == '|':
		a.pipe()
	case text[0] == '@':
		a.forward()
	case strings.HasPrefix(lower, ":omusrmsg:"):
		a.users(len(":omusrmsg:"))
	case text[0] == '?' || strings.HasPrefix(text, "-?"):
		a.dynamicFile()
	case text[0] == '^':
		a.fail(0, "programs are not started by rules: let one read \"constat show -f\", or a named pipe")
	case text[0] == '>':
		a.fail(0, "databases are not supported: let a program read \"constat show -f -o json\"")
	case text[0] == '$':
		a.fail(0, "output channels are not supported: name the file, and write rotate_size and keep under syslog_conf: files in constat's configuration")
	case text[0] == ':':
		a.fail(0, "the module of %q is not supported: want %s", text, wantAction)
	case text[0] == '{' || strings.HasPrefix(text, "if "):
		a.fail(0, "conditions and blocks in a block are not supported: write a rule of its own for each")
	case isAction(text):
		a.object()
	default:
		a.users(0)
	}
}

// options reads what stands behind ";", separated by commas: a format, or what only other daemons do.
func (a *actions) options(at int) {
	for _, option := range strings.Split(a.text[at:], ",") {
		name := strings.TrimSpace(option)
		key, _, assigned := strings.Cut(strings.ToLower(name), "=")
		format, known := formatNames[strings.ToLower(name)]
		switch {
		case known:
			a.made.Format, a.format = format, name
		case assigned && key == "rotate":
			a.note(at, "%s does nothing: write rotate_size and keep under syslog_conf: files in constat's configuration", name)
		case assigned:
			a.note(at, "%s is not known and does nothing", name)
		default:
			a.format = name // see [parser.resolve]
		}
		at += len(option) + 1
	}
}

// formatNames are those of sysklogd and the templates that rsyslog brings.
var formatNames = map[string]Format{
	"rfc3164": RFC3164, "bsd": RFC3164, "rfc5424": RFC5424,
	"rsyslog_traditionalfileformat": RFC3164, "rsyslog_traditionalforwardformat": RFC3164, "rsyslog_sysklogdfileformat": RFC3164,
	"rsyslog_fileformat": RFC3164ISO, "rsyslog_forwardformat": RFC3164ISO, "rsyslog_syslogprotocol23format": RFC5424,
}

// split cuts the options off; the text before them keeps its position.
func (a *actions) split() string {
	text, _, found := strings.Cut(a.text, ";")
	if found {
		a.options(len(text) + 1)
	}
	return strings.TrimRight(text, blanks)
}

// path checks the path of a file that stands at a byte of the text.
func (a *actions) path(at int, path string) {
	a.made.Target = path
	if blank := strings.IndexAny(path, blanks); blank >= 0 {
		a.fail(at+blank, "a blank in %q: the names of files have none; a comment begins with a blank and #", path)
	} else if strings.HasSuffix(path, "/") || !strings.HasPrefix(path, "/") {
		a.fail(at, "%q: want the path of a file, such as /var/log/messages", path)
	} else if strings.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		a.fail(at, "%q: a control character in the name of a file", path)
	}
}

func (a *actions) file() {
	path := a.split()
	at := 0
	if path[0] == '-' {
		at, a.made.NoSync = 1, true
	}
	a.made.Kind = File
	if strings.HasPrefix(path[at:], "/dev/") {
		a.made.Kind = Terminal
	}
	a.path(at, path[at:])
}

// dynamicFile reads "?TEMPLATE".
func (a *actions) dynamicFile() {
	name, noSync := strings.CutPrefix(a.split(), "-")
	a.made.Kind, a.made.NoSync, a.made.Target = Dynamic, noSync, name[1:]
	if a.dynamic = name[1:]; a.dynamic == "" || strings.ContainsAny(a.dynamic, blanks+";") {
		a.fail(0, "want the name of a template, such as ?HostFile")
	}
}

func (a *actions) pipe() {
	if a.dialect == BSD {
		a.fail(0, "on BSD \"|\" starts a command, and rules start none here: for a named pipe use --dialect accumulate, for a command let it read \"constat show -f\"")
		return
	}
	a.made.Kind = Pipe
	path := a.split()
	at := len(path) - len(strings.TrimLeft(path[1:], blanks))
	if a.path(at, path[at:]); a.err != nil && path[at:] != "" && path[at] != '/' {
		a.err.text = fmt.Sprintf("%q: want the path of a named pipe, such as |/run/pipe; commands are not started", path[at:])
	}
}

// users reads names of users, separated by commas.
func (a *actions) users(from int) {
	a.made.Kind = Users
	var names []string
	at := from
	for _, part := range strings.Split(a.text[from:], ",") {
		name := strings.TrimSpace(part)
		if !isUser(name) {
			a.fail(at+len(part)-len(strings.TrimLeft(part, blanks)), "%q is no name of a user: want %s", name, wantAction)
		}
		names = append(names, name)
		at += len(part) + 1
	}
	a.made.Target = strings.Join(names, ",")
}

// isUser reports whether a name may be that of a user: letters, digits, "_", "-" and ".", not first "-" or ".".
func isUser(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isNameByte(c) && (c != '.' || i == 0) || c == '-' && i == 0 {
			return false
		}
	}
	return name != "" && len(name) <= 256
}

// forward reads @HOST, @@HOST and @SCHEME://HOST, each with or without a port.
func (a *actions) forward() {
	a.made.Kind = Forward
	text := a.split()
	at := 1
	if strings.HasPrefix(text, "@@") {
		a.made.Transport = TCP
		at = 2
	}
	if strings.HasPrefix(text[at:], "(") {
		at = a.forwardOptions(at, text)
	} else if scheme, _, found := strings.Cut(text[at:], "://"); found {
		a.scheme(at, scheme)
		at += len(scheme) + len("://")
	}
	if a.err == nil {
		a.host(at, text[at:])
	}
	if a.made.Port == 0 {
		a.made.Port = a.made.Transport.DefaultPort()
	}
	if a.made.Port == 0 && a.err == nil {
		a.fail(at, "RELP has no port of its own: write %s:PORT", text)
	}
}

// forwardOptions reads "(o)" of rsyslog and returns where the host begins.
func (a *actions) forwardOptions(at int, text string) int {
	inside, _, found := strings.Cut(text[at+1:], ")")
	for _, option := range strings.Split(inside, ",") {
		switch option = strings.TrimSpace(option); {
		case option == "o" && a.made.Transport == TCP:
			a.made.Octets = true
		case strings.HasPrefix(option, "z"):
			a.note(at, "messages are not compressed: %q does nothing, and a receiver takes either", option)
		default:
			found = false
		}
	}
	if !found {
		a.fail(at, "want @@(o)HOST for octet counting")
	}
	return min(at+len(inside)+2, len(text))
}

// scheme reads the word before "://", as OpenBSD writes it.
func (a *actions) scheme(at int, scheme string) {
	switch strings.ToLower(scheme) {
	case "udp", "udp4", "udp6":
		a.made.Transport = UDP
	case "tcp", "tcp4", "tcp6":
		a.made.Transport = TCP
	case "tls", "tls4", "tls6":
		a.made.Transport = TLS
	case "relp":
		a.made.Transport = RELP
	case "relp+tls":
		a.made.Transport = RELPTLS
	default:
		a.fail(at, "%q: want udp://, tcp://, tls://, relp:// or relp+tls://", scheme+"://")
	}
	if last := scheme[max(0, len(scheme)-1):]; last == "4" || last == "6" {
		a.note(at, "the family of addresses is not chosen by %q: write an address if it matters", scheme+"://")
	}
}

// host reads a name or address and a port.
func (a *actions) host(at int, text string) {
	name, port := text, ""
	if strings.HasPrefix(text, "[") {
		inside, behind, closed := strings.Cut(text[1:], "]")
		if !closed {
			a.fail(at, "%q: the bracket is not closed", text)
			return
		}
		name, port = inside, behind
	} else if colon := strings.IndexByte(text, ':'); colon >= 0 {
		if name, port = text[:colon], text[colon:]; strings.Contains(port[1:], ":") {
			a.fail(at, "%q: an IPv6 address stands in brackets, such as @[2001:db8::1]:514", text)
			return
		}
	}
	a.made.Target = name
	if addr, err := netip.ParseAddr(name); err != nil && !isHostName(name) || addr.Zone() != "" && !isHostName(addr.Zone()) {
		a.fail(at, "%q is neither the name nor the address of a host", name)
		return
	}
	if port != "" {
		a.port(at+strings.LastIndex(text, port), port)
	}
}

func (a *actions) port(at int, text string) {
	if strings.Contains(text, "(") {
		a.fail(at, "brackets with the keys of TLS are not read here: write @tls://HOST, and whom to trust under syslog_conf: tls in constat's configuration")
		return
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(text, ":"), 10, 16)
	if err != nil || n == 0 || text[0] != ':' {
		a.fail(at, "%q: want :PORT, 1 to 65535", text)
	}
	a.made.Port = uint16(n)
}

// isHostName reports whether a name consists of letters, digits, "-", "_" and dots, not first "-" or a dot.
func isHostName(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isNameByte(c) && c != '.' || i == 0 && (c == '-' || c == '.') {
			return false
		}
	}
	return name != "" && len(name) <= 255
}
