package rule

import (
	"cmp"
	"strings"
)

// advice says what constat does instead of a directive that does nothing here.
type advice struct {
	prefix string // of the name, lower case
	text   string
	fatal  bool // without it messages would go elsewhere
}

// What stands in several places.
const (
	adviceInput = "inputs are set in constat's configuration: listen.udp, listen.tcp, listen.datagram, listen.stream"
	adviceQueue = "the journal is the queue, and an output goes on where it stopped"
	// There is one set of rules for what all inputs receive.
	adviceRuleset = "rule sets are not supported, as one set of rules holds for all inputs: write its rules behind if $fromhost-ip != '127.0.0.1' then { … } if it is for messages of the network, or select by host or program"
	adviceTLS     = "write whom to trust under syslog_conf: tls in constat's configuration"
)

// directives is a table of the lines that begin with "$"; the first prefix that fits counts.
var directives = []advice{
	{"udpserver", adviceInput, false},
	{"inputtcpserverbindruleset", adviceRuleset, true},
	{"inputudpserverbindruleset", adviceRuleset, true},
	{"input", adviceInput, false},
	{"imudp", adviceInput, false},
	{"klog", "write listen.kernel: /dev/kmsg in constat's configuration", false},
	{"addunixlistensocket", "write listen.datagram: [PATH] in constat's configuration", false},
	{"allowedsender", "write listen.allow and listen.deny in constat's configuration", false},
	{"privdropto", "write user and group in constat's configuration", false},
	{"workdirectory", "where constat keeps its data says store in its configuration", false},
	{"repeatedmsgreduction", "every message is kept by itself", false},
	{"maxmessagesize", "write limits.message in constat's configuration", false},
	{"systemlogratelimit", "write limits.rate and limits.burst in constat's configuration; what is left out is counted", false},
	{"imuxsockratelimit", "write limits.rate and limits.burst in constat's configuration; what is left out is counted", false},
	{"actionexeconlywhenpreviousissuspended", "an action that runs only when another fails is not supported: messages stay in the journal until their target is back", true},
	{"actionqueue", adviceQueue, false},
	{"mainmsgqueue", adviceQueue, false},
	{"actionresume", adviceQueue, false},
	{"actionsendstreamdriver", "write @tls://HOST in its place; " + adviceTLS, true},
	{"defaultnetstreamdriver", adviceTLS, false},
	{"actionforwarddefaulttemplate", "write ;RFC3164 or ;RFC5424 behind the host", false},
	{"actionfileenablesync", "a path with \"-\" before it is not synced, one without is", false},
	{"dynafilecachesize", "up to 64 files of a template are open", false},
	{"outchannel", "there are no output channels: write rotate_size and keep under syslog_conf: files in constat's configuration", false},
	{"ruleset", adviceRuleset, true},
	{"defaultruleset", adviceRuleset, true},
}

// directive reads a line that begins with "$".
func (r *reader) directive() {
	name, rest := wordOf(r.l.text[1:])
	rest = strings.TrimLeft(rest, blanks)
	r.rsyslog = true
	switch strings.ToLower(name) {
	case "template":
		r.legacyTemplate(rest)
		return
	case "actionfiledefaulttemplate":
		r.fileFormat = strings.TrimRight(rest, blanks)
		return
	}
	if strings.EqualFold(name, "includeconfig") {
		r.include(len(r.l.text)-len(rest), rest, strings.HasSuffix(rest, "/"))
		return
	}
	if strings.EqualFold(name, "resetconfigvariables") {
		r.legacy, r.fileFormat = Making{}, ""
		return
	}
	if strings.EqualFold(name, "modload") {
		r.warn(0, "$%s does nothing: %s", name, moduleAdvice(rest))
		return
	}
	if r.making(name, rest) {
		return
	}
	for _, d := range directives {
		if !strings.HasPrefix(strings.ToLower(name), d.prefix) {
			continue
		}
		if d.fatal {
			r.error(0, "$%s: %s", name, d.text)
		} else {
			r.warn(0, "$%s does nothing: %s", name, d.text)
		}
		return
	}
	r.warn(0, "$%s is not known and does nothing", name)
}

// settings is a table of the lines of sysklogd 2 that are no rules.
var settings = []advice{
	{"listen", adviceInput, false},
	{"udp_size", "write limits.message in constat's configuration", false},
	{"secure_mode", "what is not in listen of constat's configuration is not open", false},
	{"rotate_size", "write rotate_size and keep under syslog_conf: files in constat's configuration", false},
	{"rotate_count", "write rotate_size and keep under syslog_conf: files in constat's configuration", false},
	{"notify", "no program is started when a file is rotated", false},
}

// setting tells what a line of sysklogd is that sets something; is reports whether it is one.
func (r *reader) setting(word, rest string) (is bool) {
	for _, s := range settings {
		if word == s.prefix && rest != "" {
			r.previous = noRule
			r.warn(0, "%s does nothing: %s", word, s.text)
			return true
		}
	}
	return false
}

// modules is a table of rsyslog's modules and what stands in their place; the first prefix that fits counts.
var modules = []advice{
	{"imuxsock", "write listen.datagram: [/dev/log] in constat's configuration", false},
	{"imklog", "write listen.kernel: /dev/kmsg in constat's configuration, or messages of the kernel are not read", false},
	{"imkmsg", "write listen.kernel: /dev/kmsg in constat's configuration, or messages of the kernel are not read", false},
	{"imudp", "write listen.udp in constat's configuration", false},
	{"imtcp", "write listen.tcp or listen.tls in constat's configuration", false},
	{"imptcp", "write listen.tcp in constat's configuration", false},
	{"imrelp", "write listen.relp in constat's configuration", false},
	{"im3195", "write listen.beep in constat's configuration", false},
	{"imfile", "write listen.files in constat's configuration", false},
	{"immark", "there are no mark messages", false},
	{"imjournal", "journalctl -o export | constat import - takes in what is there", false},
	{"om", "what is supported needs no module", false},
	{"", adviceInput, false},
}

// moduleAdvice says what stands in the place of a module, by its name or the path of its file.
func moduleAdvice(name string) string {
	name = strings.ToLower(strings.Trim(name[strings.LastIndexByte(name, '/')+1:], `"' `))
	for _, m := range modules {
		if strings.HasPrefix(name, m.prefix) {
			return m.text
		}
	}
	return ""
}

// statements is a table of rsyslog's statements; those that are not in it are errors.
var statements = []advice{
	{"module", adviceInput, false},
	{"input", adviceInput, false},
	{"global", "settings stand in constat's configuration", false},
	{"ruleset", adviceRuleset, true},
	{"call", adviceRuleset, true},
	{"main_queue", adviceQueue, false},
	{"parser", "the form of each message is recognised by itself", false},
	{"timezone", "times without a zone are those of this machine", false},
	{"ratelimit", "write limits.rate and limits.burst in constat's configuration", false},
	{"lookup_table", "there are no lookup tables", false},
	{"dyn_stats", "count with constat show 'QUERY | stats count() by (FIELD)'", false},
	{"percentile_stats", "count with constat show 'QUERY | stats count() by (FIELD)'", false},
}

// statement reads what is in rsyslog's own language.
func (r *reader) statement() {
	text := r.l.text
	word, _ := wordOf(text)
	name := strings.ToLower(word)
	r.rsyslog = true
	if name == "template" {
		r.template()
		return
	}
	if name == "include" {
		r.includeObject()
		return
	}
	if name == "if" {
		r.condition()
		return
	}
	if name == "action" {
		r.add(Rule{Selector: "*.*", Select: Everything()}, 0, text)
		return
	}
	for _, s := range statements {
		if s.prefix == name {
			o, _, _ := parseObject(text)
			if name == "module" && strings.TrimPrefix(o.get("load"), "builtin:") == "omfile" {
				r.moduleFile(&o)
				return
			}
			if mask := o.get("umask"); name == "global" && mask != "" {
				if err := r.umask.read(mask); err != nil {
					r.error(0, "umask: %v", err)
				}
				if len(o.params) == 1 {
					return
				}
			}
			what := cmp.Or(o.get("load"), o.get("type"), o.get("name"), "…")
			if name == "module" || name == "input" {
				s.text = moduleAdvice(what)
			}
			if s.fatal {
				r.previous = brokenRule
				r.error(0, "%s: %s", name, s.text)
				return
			}
			r.warn(0, "%s(%s) does nothing: %s", name, what, s.text)
			return
		}
	}
	r.previous = brokenRule
	if name == "else" {
		r.error(0, "an \"else\" without an \"if\" before it")
		return
	}
	if text[0] == '}' {
		r.error(0, "a \"}\" without a \"{\" before it")
		return
	}
	r.error(0, "rsyslog's script is not supported but for if and else: write selectors, a filter such as :programname, isequal, \"sshd\", or a rule with a query in constat's configuration")
}
