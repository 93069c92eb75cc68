package rule

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// isAction reports whether a text is rsyslog's action(…).
func isAction(text string) bool {
	word, rest := wordOf(text)
	return strings.EqualFold(word, "action") && strings.HasPrefix(strings.TrimLeft(rest, blanks), "(")
}

// object reads rsyslog's action(type="…" …), of the types that constat knows.
func (a *actions) object() {
	o, rest, ok := parseObject(a.text)
	if !ok || rest != "" {
		a.fail(len(a.text)-len(rest), "want action(NAME=\"VALUE\" …) and nothing behind it")
		return
	}
	var read []string
	switch kind := strings.TrimPrefix(o.get("type"), "builtin:"); kind {
	case "omfile":
		read = []string{"file", "sync", "dynafile"}
		a.objectFile(&o, File, o.get("file"))
	case "ompipe":
		read = []string{"pipe"}
		a.objectFile(&o, Pipe, o.get("pipe"))
	case "omfwd":
		read = []string{"target", "port", "protocol", "tcp_framing"}
		a.objectForward(&o)
	case "omrelp":
		read = []string{"target", "port", "tls"}
		a.objectRELP(&o)
	case "omusrmsg":
		read = []string{"users"}
		inner := actions{text: ":omusrmsg:" + strings.ReplaceAll(o.get("users"), `"`, ""), dialect: a.dialect}
		inner.parse()
		a.take(&inner)
	default:
		a.fail(0, "action of type %q is not supported: omfile, ompipe, omfwd, omrelp and omusrmsg are", kind)
	}
	if name := o.get("template"); name != "" {
		a.format, a.made.Format = name, formatNames[strings.ToLower(name)]
	}
	a.unread(&o, append(read, "type", "template"))
}

// unread tells which parameters do nothing, and refuses those without which the messages would go elsewhere.
func (a *actions) unread(o *object, read []string) {
	for _, p := range o.params {
		switch {
		case slices.Contains(read, p.name):
		case isFile(a.made.Kind) && makings[p.name] != nil:
			if err := makings[p.name](&a.making, p.value, a.accounts); err != nil {
				a.fail(0, "%s: %v", p.name, err)
			}
		case p.name == "action.execonlywhenpreviousissuspended" && p.value == "on":
			a.fail(0, "an action that runs only when another fails is not supported: constat keeps messages in the journal until their target is back")
		case strings.HasPrefix(p.name, "queue."), strings.HasPrefix(p.name, "action.resume"):
			a.note(0, "%s does nothing: the journal is the queue, and an output goes on where it stopped", p.name)
		case strings.HasPrefix(p.name, "streamdriver") && a.made.Kind == Forward && p.value != "" && p.value != "0":
			a.fail(0, "TLS is not set up by %s: write @tls://HOST, and whom to trust under syslog_conf: tls in constat's configuration", p.name)
		case strings.HasPrefix(p.name, "tls."):
			a.note(0, "%s does nothing: %s", p.name, adviceTLS)
		default:
			a.note(0, "%s does nothing", p.name)
		}
	}
}

func (a *actions) objectFile(o *object, kind Kind, path string) {
	a.made.Kind = kind
	if kind == File && strings.HasPrefix(path, "/dev/") {
		a.made.Kind = Terminal
	}
	a.made.NoSync = kind == File && o.get("sync") != "on"
	if name := o.get("dynafile"); name != "" && kind == File {
		a.made.Kind, a.made.Target, a.dynamic = Dynamic, name, name
		return
	}
	a.path(0, path)
}

func (a *actions) objectForward(o *object) {
	text := "@"
	if strings.EqualFold(o.get("protocol"), "tcp") {
		text = "@@"
		if o.get("tcp_framing") == "octet-counted" {
			text += "(o)"
		}
	}
	host := o.get("target")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := o.get("port"); port != "" {
		if _, err := strconv.Atoi(port); err != nil {
			a.fail(0, "port %q is no number", port)
		}
		host += ":" + port
	}
	inner := actions{text: text + host, dialect: a.dialect}
	inner.forward()
	a.take(&inner)
}

// objectRELP reads omrelp, whose port is 514 unless it is said, and which writes as RSYSLOG_ForwardFormat.
func (a *actions) objectRELP(o *object) {
	scheme := "@relp://"
	if o.get("tls") == "on" {
		scheme = "@relp+tls://"
	}
	host := o.get("target")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	inner := actions{text: scheme + host + ":" + cmp.Or(o.get("port"), strconv.Itoa(rsyslogPort)), dialect: a.dialect}
	inner.forward()
	a.take(&inner)
	a.made.Format = RFC3164ISO
}

// take makes what an action in the short form says its own.
func (a *actions) take(inner *actions) {
	a.made = inner.made
	for _, n := range inner.notes {
		a.note(0, "%s", n.text)
	}
	if inner.err != nil {
		a.fail(0, "%s", inner.err.text)
	}
}
