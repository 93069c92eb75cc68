package daemon

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"constat/internal/api"
	"constat/internal/config"
	"constat/internal/input"
	"constat/internal/input/mqtt"
	"constat/internal/input/syslog"
	"constat/internal/tlsconf"
)

// bound is an input that was bound for a listener.
type bound struct {
	in  input.Input
	tls *tlsconf.Config // nil is none
}

// inputs are those that run, by listener.
type inputs struct {
	mu  sync.Mutex
	all map[listener]bound // guarded by mu
}

func (i *inputs) add(made map[listener]bound) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.all == nil {
		i.all = map[listener]bound{}
	}
	for l, b := range made {
		i.all[l] = b
	}
}

func (i *inputs) remove(l listener) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.all, l)
}

func (i *inputs) of(l listener) bound {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.all[l]
}

// stats is what the inputs that have connections count, by name.
func (i *inputs) stats() (list []api.Input) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, b := range i.all {
		if m, ok := b.in.(*mqtt.Input); ok {
			list = append(list, brokerStats(m, b.tls))
			continue
		}
		s, ok := b.in.(*syslog.Stream)
		if !ok {
			continue
		}
		one := api.Input{Name: s.Name(), Connections: s.Connections(), Refused: s.Refused()}
		if b.tls != nil {
			one.Expires = b.tls.Expires()
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b api.Input) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// relpKind is how a RELP listener is called.
func relpKind(r config.RELPListener) string {
	if r.TLS != nil {
		return "relp-tls"
	}
	return "relp"
}

// beepKind is how a BEEP listener is called.
func beepKind(b config.BEEPListener) string {
	if b.TLS != nil {
		return "beep-tls"
	}
	return "beep"
}

// settings are those of a listener that has more than an address.
type settings struct {
	tls         *config.TLS
	cut         bool
	startTLS    bool
	allow, deny config.Networks
}

// settings finds what the configuration says of a listener.
func (b *binder) settings(l listener) (s settings) {
	for _, t := range b.listen.TLS {
		if l == (listener{"tls", t.Listens()}) {
			s = settings{tls: &t.TLS, allow: t.Allow, deny: t.Deny}
		}
	}
	for _, r := range b.listen.RELP {
		if l == (listener{relpKind(r), r.Listens()}) {
			s = settings{tls: r.TLS, cut: r.Oversize == config.OversizeCut, allow: r.Allow, deny: r.Deny}
		}
	}
	for _, p := range b.listen.BEEP {
		if l == (listener{beepKind(p), p.Listens()}) {
			s = settings{tls: p.TLS, startTLS: p.StartTLS, allow: p.Allow, deny: p.Deny}
		}
	}
	return s
}

// transport binds a listener for TLS, RELP or BEEP.
func (b *binder) transport(l listener) (input.Input, error) {
	s, c := b.settings(l), b.stream(l.address, nil)
	if s.tls != nil {
		var err error
		if c.TLS, err = b.serverTLS(l, s); err != nil {
			return nil, err
		}
		b.made[l] = bound{tls: c.TLS}
	}
	switch l.kind {
	case "tls":
		return syslog.ListenTCP(c)
	case "beep", "beep-tls":
		return syslog.ListenBEEP(c, syslog.BEEP{Software: "constat " + version(), StartTLS: s.startTLS})
	}
	return syslog.ListenRELP(c, syslog.RELP{Software: "constat," + version(), CutLong: s.cut})
}

func (b *binder) serverTLS(l listener, s settings) (*tlsconf.Config, error) {
	c, err := tlsconf.NewServer(s.tls.Settings(), func(err error) { b.d.log.Warn("TLS", "input", l.kind+" "+l.address, "error", err) })
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", l.kind, l.address, err)
	}
	return c, nil
}

// admit tells an input of the network from where it takes messages.
func (b *binder) admit(l listener, in input.Input) {
	gate, ok := in.(interface{ Admit(...syslog.Admission) })
	if !ok {
		return
	}
	s := b.settings(l)
	gate.Admit(syslog.Admission{Allow: b.listen.Allow.Prefixes(), Deny: b.listen.Deny.Prefixes()},
		syslog.Admission{Allow: s.allow.Prefixes(), Deny: s.deny.Prefixes()})
}

// change prepares to change a listener that stays. What cannot be changed is an error of the binder, and then nothing
// is. Files of TLS that have changed are read in any case.
func (b *binder) change(l listener) func() {
	if l.kind == "mqtt" {
		b.keepBroker(l)
	}
	now, s := b.d.bound.of(l), b.settings(l)
	stream, _ := now.in.(*syslog.Stream)
	next := now
	if s.tls != nil && now.tls != nil {
		fresh, err := b.serverTLS(l, s)
		if err != nil {
			b.errs = append(b.errs, err)
		}
		next.tls = fresh
	}
	if stream != nil && s.cut != stream.CutsLong() {
		b.errs = append(b.errs, restartNeeded("oversize of "+stream.Name()))
	}
	if stream != nil && s.startTLS != stream.StartsTLS() {
		b.errs = append(b.errs, restartNeeded("starttls of "+stream.Name()))
	}
	if followedAs(b.d.config.Listen, l) != followedAs(&b.listen, l) {
		b.errs = append(b.errs, restartNeeded("format and from of "+l.kind+" "+l.address))
	} else if b.othersChanged(l) {
		b.errs = append(b.errs, restartNeeded("which files are followed beside the pattern "+l.address))
	}
	return func() {
		if next.tls != nil && stream != nil {
			stream.SetTLS(next.tls)
			b.made[l] = next
		}
		b.admit(l, now.in)
	}
}

// maxRefusal is how many octets people are told of an error that may say what a stranger put into a certificate.
const maxRefusal = 2048

// refused tells people why a peer was not let in.
func (d *Daemon) refused(source string, err error) {
	if skipped, now := d.told.now(); now {
		text := err.Error()
		if len(text) > maxRefusal {
			text = text[:maxRefusal] + "…"
		}
		d.log.Warn("peer refused", "source", source, "error", text, "not reported", skipped)
	}
}

// seldom keeps strangers from filling the log of the daemon: they are counted in the journal in any case.
type seldom struct {
	mu      sync.Mutex
	at      time.Time // guarded by mu
	skipped int       // guarded by mu
}

// tellEvery is how often people are told of peers that were refused.
const tellEvery = 100 * time.Millisecond

// now reports whether to tell, and how many were not told of since.
func (s *seldom) now() (skipped int, yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.at) < tellEvery {
		s.skipped++
		return 0, false
	}
	skipped, s.skipped, s.at = s.skipped, 0, time.Now()
	return skipped, true
}
