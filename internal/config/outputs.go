package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/output/render"
	"constat/internal/output/target"
	"constat/internal/rule"
	"constat/internal/tlsconf"
	"constat/journal/layout"
	"constat/query"

	"github.com/goccy/go-yaml/ast"
)

// Output is where entries are sent, besides being kept.
type Output struct {
	// Name is what its place is kept under: another name begins anew.
	Name string `yaml:"name"`
	// To are targets: the first is used as long as it can be, the others stand in for it, in their order.
	To []string `yaml:"to"`
	// Journals are those that are read. Default: system and those of rules.
	Journals []string `yaml:"journals"`
	// Select is a filter of the query language. Default: everything. If a rule names the output, it gets of that only what
	// the rules send it.
	Select string `yaml:"select"`
	// Kinds are the kinds of entries. Default: event and loss.
	Kinds []string `yaml:"kinds"`
	// From is where a new output begins: "now" (the default), or "start", the oldest entry.
	From string `yaml:"from"`
	// Format is how entries are written. Default: received for targets of syslog, traditional for the others.
	Format string `yaml:"format"`
	// Private also sends private values.
	Private YesNo `yaml:"private"`
	// Framing of tcp, tls and unix: "octets" (the default) or "lf".
	Framing string `yaml:"framing"`
	// Size is the longest datagram, of udp and unixgram. What is longer is cut. Default 65507.
	Size Size `yaml:"size"`
	// Window is how many messages may wait for their answer, of relp. Default 128.
	Window int `yaml:"window"`
	// Batch is how many messages are sent at once. Default 1024.
	Batch int `yaml:"batch"`
	// Rate is how many messages a second are sent at most. Default: no limit.
	Rate float64 `yaml:"rate"`
	// Retry is the longest time between two attempts, Return that between two attempts to go back to the first target,
	// Timeout how long a target may take for anything. Default 30s each.
	Retry   Duration `yaml:"retry"`
	Return  Duration `yaml:"return"`
	Timeout Duration `yaml:"timeout"`
	// TLS is needed for tls and relp+tls.
	TLS *OutputTLS `yaml:"tls"`
	// Args are the arguments of a program.
	Args []string `yaml:"args"`
	// File is how files are made and rotated.
	File FileOptions `yaml:"file"`
}

// OutputTLS says whom a client of TLS trusts and what it shows; see package tlsconf.
type OutputTLS struct {
	Certificate  string   `yaml:"certificate"`
	Key          string   `yaml:"key"`
	CA           string   `yaml:"ca"`
	CRL          string   `yaml:"crl"`
	Names        []string `yaml:"names"`
	CommonName   YesNo    `yaml:"common_name"`
	Fingerprints []string `yaml:"fingerprints"`
	Anonymous    YesNo    `yaml:"anonymous"`
}

// Settings are those of the client.
func (t *OutputTLS) Settings() tlsconf.Settings {
	return tlsconf.Settings{Certificate: t.Certificate, Key: t.Key, CA: t.CA, CRL: t.CRL, Names: t.Names, CommonName: bool(t.CommonName),
		Fingerprints: t.Fingerprints, Anonymous: bool(t.Anonymous)}
}

// FileOptions say how files of outputs are made and rotated.
type FileOptions struct {
	Owner string `yaml:"owner"` // user; default: that of the daemon
	Group string `yaml:"group"`
	Mode  Mode   `yaml:"mode"`     // default 0640
	Dirs  Mode   `yaml:"dir_mode"` // of directories that are made; default 0755
	// Sync says that lines are on the disk before they count as delivered. Default: yes.
	Sync *YesNo `yaml:"sync"`
	// RotateSize and RotateEvery say when a file is full. Default: never. Keep older ones stay beside it. Default 7.
	RotateSize  Size     `yaml:"rotate_size"`
	RotateEvery Duration `yaml:"rotate_every"`
	Keep        int      `yaml:"keep"`
}

// SyslogConf has the actions of a syslog.conf carried out.
type SyslogConf struct {
	// File is a syslog.conf or rsyslog.conf.
	File string `yaml:"file"`
	// Dialect is what its selectors mean: accumulate (the default) or bsd.
	Dialect string `yaml:"dialect"`
	// Journals are those that are read. Default: system and those of rules.
	Journals []string `yaml:"journals"`
	// Format is how files are written where the line names none. Default: traditional.
	Format string `yaml:"format"`
	// Files is how its files are made and rotated; it goes before directives such as $FileOwner, and "-" before a path
	// beats sync.
	Files FileOptions `yaml:"files"`
	// TLS is whom to trust, where a line forwards over TLS.
	TLS *OutputTLS `yaml:"tls"`
}

// YesNo is yes, no, true or false.
type YesNo bool

// UnmarshalYAML reads it.
func (y *YesNo) UnmarshalYAML(n ast.Node) error {
	switch n.GetToken().Value {
	case "yes", "true":
		*y = true
	case "no", "false":
		*y = false
	default:
		return wrong(n, "want yes or no")
	}
	return nil
}

// Mode is the permissions of a file, in octal.
type Mode fs.FileMode

// UnmarshalYAML reads it.
func (m *Mode) UnmarshalYAML(n ast.Node) error {
	bits, err := strconv.ParseUint(strings.TrimPrefix(n.GetToken().Value, "0o"), 8, 16)
	if err != nil || bits == 0 || bits > 0o777 {
		return wrong(n, "want permissions such as 0640")
	}
	*m = Mode(bits)
	return nil
}

// DefaultJournals are what outputs read that name no journals: system, and those of rules.
func (c *Config) DefaultJournals() []string {
	list := []string{layout.System}
	for _, r := range c.Rules {
		if r.Journal != "" && !contains(list, r.Journal) && r.Journal != layout.AuditName {
			list = append(list, r.Journal)
		}
	}
	return list
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// Filter is what the output selects; nil is everything.
func (o Output) Filter() (query.Node, error) {
	if o.Select == "" {
		return nil, nil
	}
	return filterOf(o.Select)
}

// validateOutputs finds outputs that cannot be.
func (c *Config) validateOutputs() (found []problem) {
	list := c.Outputs
	seen := map[string]bool{}
	for i, o := range list {
		key := fmt.Sprintf("outputs[%d].", i)
		switch {
		case o.Name == "" || len(o.Name) > 64 || strings.Trim(o.Name, nameLetters) != "":
			found = append(found, problem{key + "name", "want 1 to 64 letters, digits, - and _"})
		case seen[o.Name]:
			found = append(found, problem{key + "name", fmt.Sprintf("%q is named twice", o.Name)})
		}
		seen[o.Name] = true
		for n, to := range o.To {
			if a, err := target.Parse(to); err == nil && c.Returns(a) {
				found = append(found, problem{fmt.Sprintf("%sto[%d]", key, n), to + returns})
			}
		}
		for _, p := range o.validate() {
			found = append(found, problem{key + p.key, p.text})
		}
	}
	return found
}

const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

func (o Output) validate() (found []problem) {
	check := func(wrong bool, key, text string) {
		if wrong {
			found = append(found, problem{key, text})
		}
	}
	check(len(o.To) == 0, "to", "is missing: want a list of targets, such as [tcp://log.example:514]")
	secure, program := false, false
	for i, text := range o.To {
		a, err := target.Parse(text)
		if err != nil {
			check(true, fmt.Sprintf("to[%d]", i), err.Error())
		}
		secure = secure || a.IsSecure()
		program = program || a.Scheme == target.Program
	}
	found = append(found, validateJournals(o.Journals)...)
	if _, err := o.Filter(); err != nil {
		check(true, "select", err.Error())
	}
	for i, k := range o.Kinds {
		if _, err := entry.ParseKind(k); err != nil {
			check(true, fmt.Sprintf("kinds[%d]", i), err.Error())
		}
	}
	check(o.From != "" && o.From != "now" && o.From != "start", "from", "want now or start")
	if o.Format != "" {
		_, err := render.New(o.Format, time.UTC)
		check(err != nil, "format", fmt.Sprint(err))
	}
	check(o.Framing != "" && o.Framing != "octets" && o.Framing != "lf", "framing", "want octets or lf")
	check(o.Size > 65507, "size", "a datagram has at most 65507 bytes")
	check(o.Window < 0 || o.Window > 1<<20, "window", "want 1 to 1048576")
	check(o.Batch < 0 || o.Batch > 1<<16, "batch", "want 1 to 65536")
	check(!isCount(o.Rate), "rate", "want a number of messages a second")
	check(secure && o.TLS == nil, "tls", "is missing: say whom to trust, such as ca: /etc/ssl/certs/ca-certificates.crt")
	check(!secure && o.TLS != nil, "tls", "says nothing without a target tls:// or relp+tls://")
	check(len(o.Args) > 0 && !program, "args", "say nothing without a target program://")
	if o.TLS != nil {
		for _, p := range o.TLS.Settings().Check(false) {
			check(true, strings.TrimSuffix("tls."+p.Key, "."), p.Text)
		}
	}
	return append(found, o.File.validate("file.")...)
}

func validateJournals(list []string) (found []problem) {
	for i, name := range list {
		if err := layout.ValidJournalName(name); err != nil {
			found = append(found, problem{fmt.Sprintf("journals[%d]", i), err.Error()})
		} else if contains(list[:i], name) {
			found = append(found, problem{fmt.Sprintf("journals[%d]", i), fmt.Sprintf("%q is named twice", name)})
		}
	}
	return found
}

func (f FileOptions) validate(key string) (found []problem) {
	if f.Keep < 0 || f.Keep > 1000 {
		found = append(found, problem{key + "keep", "want 1 to 1000"})
	}
	if f.RotateEvery != 0 && time.Duration(f.RotateEvery)%time.Second != 0 {
		found = append(found, problem{key + "rotate_every", "want whole seconds"})
	}
	if f.Keep > 0 && f.RotateSize == 0 && f.RotateEvery == 0 {
		found = append(found, problem{key + "keep", "says nothing without rotate_size or rotate_every"})
	}
	return found
}

// validate finds a syslog.conf that cannot be read.
func (s *SyslogConf) validate() (found []problem) {
	if s == nil {
		return nil
	}
	if !filepath.IsAbs(s.File) {
		found = append(found, problem{"syslog_conf.file", fmt.Sprintf("%q: want an absolute path, such as /etc/syslog.conf", s.File)})
	} else if _, problems, err := s.Rules(); err != nil {
		found = append(found, problem{"syslog_conf.file", err.Error()})
	} else if rule.Failed(problems) {
		found = append(found, problem{"syslog_conf.file", tellProblems(s.File, problems)})
	}
	if _, err := rule.ParseDialect(s.Dialect); err != nil {
		found = append(found, problem{"syslog_conf.dialect", err.Error()})
	}
	if s.Format != "" {
		if _, err := render.New(s.Format, time.UTC); err != nil {
			found = append(found, problem{"syslog_conf.format", err.Error()})
		}
	}
	if s.TLS != nil {
		for _, p := range s.TLS.Settings().Check(false) {
			found = append(found, problem{strings.TrimSuffix("syslog_conf.tls."+p.Key, "."), p.Text})
		}
	}
	for _, p := range append(validateJournals(s.Journals), s.Files.validate("files.")...) {
		found = append(found, problem{"syslog_conf." + p.key, p.text})
	}
	return found
}

// tellProblems are the errors of a syslog.conf, the first few of them.
func tellProblems(file string, problems []rule.Problem) string {
	var list []string
	for _, p := range problems {
		if p.Severity == rule.Error && len(list) < 5 {
			list = append(list, "\n  "+p.Error())
		}
	}
	return "is not what it seems to say" + strings.Join(list, "") + "\nsee 'constat rules lint " + file + "'"
}

// Rules reads the file.
func (s *SyslogConf) Rules() (*rule.Set, []rule.Problem, error) {
	d, err := rule.ParseDialect(s.Dialect)
	if err != nil {
		return nil, nil, err
	}
	files := rule.Disk{}
	text, err := files.ReadFile(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; leave syslog_conf out if there is none", err)
	}
	if err != nil {
		return nil, nil, err
	}
	host, _ := os.Hostname()
	set, problems := rule.Parse(s.File, text, rule.Options{Dialect: d, Host: host, Files: files, Accounts: files})
	return set, problems, nil
}
