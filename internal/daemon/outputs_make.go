package daemon

import (
	"cmp"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/config"
	"constat/internal/forward"
	files "constat/internal/output/file"
	"constat/internal/output/render"
	"constat/internal/output/syslog"
	"constat/internal/output/target"
	"constat/internal/rule"
	"constat/internal/search"
	"constat/internal/tlsconf"
	"constat/journal/layout"
)

// outputsOf makes the outputs of a configuration. It changes nothing that runs.
func (d *Daemon) outputsOf(c config.Config) (list []*forward.Output, err error) {
	private := false
	for _, o := range c.Outputs {
		private = private || bool(o.Private)
	}
	if len(c.Outputs) == 0 && c.SyslogConf == nil {
		return nil, nil
	}
	if err := d.prepare(private); err != nil {
		return nil, err
	}
	for i, o := range c.Outputs {
		out, err := d.outputOf(c, o)
		if err != nil {
			return nil, fmt.Errorf("outputs[%d] (%s): %w", i, o.Name, err)
		}
		list = append(list, out)
	}
	more, err := d.syslogConf(c)
	if err != nil {
		return nil, fmt.Errorf("syslog_conf: %w", err)
	}
	return append(list, more...), nil
}

func (d *Daemon) outputOf(c config.Config, o config.Output) (*forward.Output, error) {
	f := forward.Config{Name: o.Name, Journals: o.Journals, FromStart: o.From == "start", Batch: o.Batch, Rate: o.Rate,
		Retry: time.Duration(o.Retry), Return: time.Duration(o.Return)}
	if o.Timeout > 0 {
		f.Timeout = 2*time.Duration(o.Timeout) + 2*time.Second // a file is synced once a second
	}
	for _, k := range o.Kinds {
		kind, err := entry.ParseKind(k)
		if err != nil {
			return nil, err
		}
		f.Kinds |= 1 << kind
	}
	if len(f.Journals) == 0 {
		f.Journals = c.DefaultJournals()
	}
	var err error
	if f.Wants, err = selection(c, o, f.Journals); err != nil {
		return nil, fmt.Errorf("select: %w", err)
	}
	options, err := d.targetOptions(o.Name, o.TLS, o.File)
	if err != nil {
		return nil, err
	}
	options.Size, options.Window, options.Timeout, options.Args = int(o.Size), o.Window, time.Duration(o.Timeout), o.Args
	if o.Framing == "lf" {
		options.Framing = syslog.LF
	}
	format := "received"
	for i, text := range o.To {
		a, err := target.Parse(text)
		if err != nil {
			return nil, err
		}
		if i == 0 && !takesSyslog(a) {
			format = "traditional"
		}
		dialer, err := a.Dialer(options)
		if err != nil {
			return nil, err
		}
		f.Targets = append(f.Targets, dialer)
	}
	feed := d.outputs.plain
	if o.Private {
		feed = d.outputs.revealed
	}
	return d.newOutput(c, f, cmp.Or(o.Format, format), options.TLS, feed)
}

// selection says which entries an output gets, nil for all: those that rules hand to it, if one names it, as far as it
// selects them. What a filter means depends on the journal.
func selection(c config.Config, o config.Output, journals []string) (func(string, *entry.Entry) bool, error) {
	sent, err := sentTo(&c, o.Name)
	if err != nil {
		return nil, err
	}
	filter, err := o.Filter()
	if err != nil || filter == nil && sent == nil {
		return nil, err
	}
	wants := map[string]func(*entry.Entry) bool{}
	for _, name := range journals {
		if filter == nil {
			break
		}
		if wants[name], err = search.Condition(filter, layout.Journal{Name: name}); err != nil {
			return nil, err
		}
	}
	return func(journal string, e *entry.Entry) bool {
		return (sent == nil || sent(e)) && (filter == nil || wants[journal](e))
	}, nil
}

// takesSyslog reports whether a target wants messages of syslog, and not lines for people.
func takesSyslog(a target.Address) bool {
	return a.IsNetwork() || a.Scheme == target.Unix || a.Scheme == target.Unixgram
}

// newOutput fills in what all outputs have.
func (d *Daemon) newOutput(c config.Config, f forward.Config, format string, t *tlsconf.Config, feed *forward.Feed) (*forward.Output, error) {
	if f.Render == nil {
		r, err := render.New(format, nil)
		if err != nil {
			return nil, err
		}
		f.Render = r
	}
	if len(f.Journals) == 0 {
		f.Journals = c.DefaultJournals()
	}
	if t != nil && !t.Expires().IsZero() {
		f.CertDays = func() int { return wholeDays(time.Until(t.Expires())) }
	}
	f.Machine = d.facts
	f.Lost = d.intake.Lose
	f.Report = func(err error) { d.log.Warn("outputs", "error", err) }
	return forward.New(feed, d.outputs.ledger, f), nil
}

// wholeDays is how many days a time is, less than 0 if it is over.
func wholeDays(d time.Duration) int { return int(math.Floor(d.Hours() / 24)) }

// targetOptions are what outputs and lines of a syslog.conf have in common.
func (d *Daemon) targetOptions(name string, t *config.OutputTLS, f config.FileOptions) (o target.Options, err error) {
	if t != nil {
		report := func(err error) { d.log.Warn("outputs", "output", name, "error", err) }
		if o.TLS, err = tlsconf.NewClient(t.Settings(), report); err != nil {
			return o, fmt.Errorf("tls: %w", err)
		}
	}
	o.File = files.Config{Perm: fs.FileMode(f.Mode), DirPerm: fs.FileMode(f.Dirs), NoSync: f.Sync != nil && !bool(*f.Sync),
		MaxBytes: int64(f.RotateSize), Every: time.Duration(f.RotateEvery), Keep: f.Keep}
	o.File.UID, o.File.GID, err = owner(f)
	o.File.DirUID, o.File.DirGID = o.File.UID, o.File.GID
	o.Said = func(line string) { d.log.Info("program says", "output", name, "line", line) }
	return o, err
}

// syslogConf makes an output of each action of the syslog.conf.
func (d *Daemon) syslogConf(c config.Config) (list []*forward.Output, err error) {
	s := c.SyslogConf
	if s == nil {
		return nil, nil
	}
	set, problems, err := s.Rules()
	if err != nil {
		return nil, err
	}
	if rule.Failed(problems) {
		return nil, fmt.Errorf("%s has errors: see 'constat rules lint %s'", s.File, s.File)
	}
	options, err := d.targetOptions("syslog_conf", s.TLS, s.Files)
	if err != nil {
		return nil, err
	}
	for i, action := range set.Targets {
		o, err := d.action(c, set, i, options)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", s.File, action, err)
		}
		list = append(list, o)
	}
	return list, nil
}

// action makes an output of one action.
func (d *Daemon) action(c config.Config, set *rule.Set, i int, o target.Options) (*forward.Output, error) {
	action := set.Targets[i]
	a, format, err := addressOf(action)
	if err != nil {
		return nil, err
	}
	if err := c.CheckReturns(a); err != nil {
		return nil, err
	}
	layout := action.Layout
	if own := c.SyslogConf.Format; own != "" && action.Usual {
		format, layout = own, nil
	}
	format = cmp.Or(format, c.SyslogConf.Format, "traditional")
	o.File.NoSync = o.File.NoSync || action.NoSync
	makeAs(&o.File, set.Makings[i], c.SyslogConf.Files)
	o.Framing = syslog.LF // as rsyslog
	if action.Octets || action.Transport == rule.TLS {
		o.Framing = syslog.Octets
	}
	dialer, err := dialerOf(action, a, o)
	if err != nil {
		return nil, err
	}
	f := forward.Config{Name: "syslog_conf " + action.String(), Journals: c.SyslogConf.Journals}
	f.Targets = append(f.Targets, dialer)
	f.Wants = func(_ string, e *entry.Entry) bool {
		facts := rule.FactsOf(e)
		return set.Goes(i, &facts)
	}
	if f.Render, err = written(action, layout, format); err != nil {
		return nil, err
	}
	return d.newOutput(c, f, format, o.TLS, d.outputs.plain)
}

// addressOf is where an action goes, and its format; "" is that of files.
func addressOf(a rule.Action) (to target.Address, format string, err error) {
	format = map[rule.Format]string{rule.RFC3164: "traditional", rule.RFC5424: "rfc5424", rule.RFC3164ISO: "iso"}[a.Format]
	switch a.Kind {
	case rule.File, rule.Dynamic:
		to = target.Address{Scheme: target.File, Path: a.Target}
	case rule.Pipe:
		to = target.Address{Scheme: target.FIFO, Path: a.Target}
	case rule.Terminal:
		to = target.Address{Scheme: target.Terminal, Path: a.Target}
	case rule.Users:
		to = target.Address{Scheme: target.Users, Names: strings.Split(a.Target, ",")}
	case rule.Wall:
		to = target.Address{Scheme: target.Users}
	case rule.Forward:
		scheme := map[rule.Transport]target.Scheme{rule.UDP: target.UDP, rule.TCP: target.TCP, rule.TLS: target.TLS,
			rule.RELP: target.RELP, rule.RELPTLS: target.RELPTLS}[a.Transport]
		to = target.Address{Scheme: scheme, Host: a.Target, Port: strconv.Itoa(int(a.Port))}
		format = map[rule.Format]string{rule.DefaultFormat: "rfc3164", rule.RFC3164: "rfc3164", rule.RFC5424: "rfc5424", rule.RFC3164ISO: "rfc3164-iso"}[a.Format]
	default:
		err = fmt.Errorf("%s has no place in a syslog.conf", a.Kind)
	}
	return to, format, err
}
