package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/ingest"
	outputs "constat/internal/output"
	"constat/internal/output/render"
	"constat/internal/output/syslog"
	"constat/internal/output/target"
	"constat/internal/tlsconf"

	"github.com/spf13/cobra"
)

// toFlags say where "log --to" sends, and how.
type toFlags struct {
	to, format, framing string
	timeout             time.Duration
	tls                 tlsconf.Settings
}

// flags defines the flags.
func (f *toFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.to, "to", "", "send to `TARGET`, such as tcp://log.example:514, and keep nothing here")
	c.Flags().StringVar(&f.format, "format", "rfc5424", "of what --to sends: "+strings.Join(render.Formats(), ", ")+", or a template")
	c.Flags().StringVar(&f.framing, "framing", "octets", "of --to over a stream: octets (counted) or lf (a line each)")
	c.Flags().StringVar(&f.tls.CA, "ca", "", "`FILE` of authorities that --to trusts over TLS; the name must be that of the target")
	c.Flags().StringArrayVar(&f.tls.Fingerprints, "fingerprint", nil, "certificate that --to trusts over TLS, such as sha-256:5A:…; may be repeated")
	c.Flags().StringVar(&f.tls.Certificate, "cert", "", "`FILE` of the certificate that --to shows over TLS")
	c.Flags().StringVar(&f.tls.Key, "key", "", "`FILE` of its key")
	c.Flags().BoolVar(&f.tls.Anonymous, "insecure", false, "trust anybody over TLS")
}

// toOnly are the flags that say nothing without --to.
var toOnly = []string{"format", "framing", "ca", "fingerprint", "cert", "key", "insecure"}

// sendBatch is how many lines are sent at once.
const sendBatch = 512

// logTo sends messages straight to a target, without a store.
func (a *app) logTo(ctx context.Context, f logFlags, args []string) error {
	switch {
	case len(f.private) > 0:
		return usage("--private: what is sent with --to cannot be erased; use --field, or leave --to out")
	case f.to.timeout <= 0:
		return usage("--timeout %v: want more than 0, such as 10s", f.to.timeout)
	}
	template, err := f.template()
	if err != nil {
		return err
	}
	s, err := f.to.sender()
	if err != nil {
		return err
	}
	stamp := func(message []byte) entry.Entry {
		e := withMessage(template, message)
		now := time.Now()
		e.Received, e.Event = now.UnixMicro(), entry.Time{Micros: now.UnixMicro(), Digits: 6, Zone: now.Format("Z07:00"), Valid: true}
		return e
	}
	if len(args) > 0 {
		s.add(stamp([]byte(strings.Join(args, " "))))
		return s.finish(ctx, nil)
	}
	q := newLineQueue()
	go func() {
		q.end(readLines(a.in, func(line []byte, lost int64) {
			e := stamp(append([]byte(nil), line...))
			if lost > 0 {
				e.AddString(ingest.Truncated, strconv.FormatInt(lost, 10), entry.Observed)
			}
			q.add(e, len(line))
		}))
	}()
	return s.lines(ctx, q)
}

// lines sends what comes into a queue, to its end or until something goes wrong.
func (s *sender) lines(ctx context.Context, q *lineQueue) error {
	for s.err == nil {
		lines := q.take()
		if len(lines) == 0 {
			return s.finish(ctx, q.err)
		}
		for i := range lines {
			if _, cut := lines[i].Get(ingest.Truncated); cut {
				s.lost++
			}
			s.add(lines[i])
			if s.messages.Len() == sendBatch {
				s.send(ctx)
			}
		}
		s.send(ctx)
	}
	s.first = "the first " // there may be more: it is not waited for
	return s.finish(ctx, nil)
}

// sender sends to one target and counts what is accepted.
type sender struct {
	dialer   outputs.Dialer
	render   render.Func
	timeout  time.Duration
	target   outputs.Target // nil before the first message
	messages outputs.Messages
	total    uint64
	lost     uint64
	err      error
	first    string // how total is spoken of
}

func (f toFlags) sender() (*sender, error) {
	address, err := target.Parse(f.to)
	if err != nil {
		return nil, usage("--to: %w", err)
	}
	o := target.Options{Timeout: f.timeout, Brief: true}
	switch f.framing {
	case "octets":
	case "lf":
		o.Framing = syslog.LF
	default:
		return nil, usage("--framing %q: want octets or lf", f.framing)
	}
	if !address.IsSecure() && !reflect.DeepEqual(f.tls, tlsconf.Settings{}) {
		return nil, usage("--to %s is in the clear: --ca, --fingerprint, --cert, --key and --insecure are for tls:// and relp+tls://", f.to)
	}
	if address.IsSecure() {
		if o.TLS, err = tlsconf.NewClient(f.tls, nil); err != nil {
			return nil, usage("--to %s: %w (flags --ca, --fingerprint, --cert, --key, --insecure)", f.to, err)
		}
	}
	s := &sender{timeout: f.timeout}
	if s.render, err = render.New(f.format, nil); err != nil {
		return nil, usage("--format: %w", err)
	}
	if s.dialer, err = address.Dialer(o); err != nil {
		return nil, usage("--to: %w", err)
	}
	return s, nil
}

func (s *sender) add(e entry.Entry) {
	s.messages.Octets = s.render(s.messages.Octets, &outputs.Record{Entry: &e})
	s.messages.End()
	s.total++
}

// send sends what was added, unless something went wrong before.
func (s *sender) send(ctx context.Context) {
	defer s.messages.Reset()
	if s.err != nil || s.messages.Len() == 0 {
		return
	}
	if s.target == nil {
		ctx, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		if s.target, s.err = s.dialer.Open(ctx, func(_ string, messages, _ uint64) { s.lost += messages }); s.err != nil {
			return
		}
	}
	s.err = s.target.Send(ctx, &s.messages)
}

// finish sends the rest, waits until the target has everything, and says what it has not.
func (s *sender) finish(ctx context.Context, read error) error {
	s.send(ctx)
	accepted := uint64(0)
	for end := time.Now().Add(s.timeout); s.target != nil; time.Sleep(2 * time.Millisecond) {
		n, err := s.target.Confirmed(true)
		accepted = n
		if s.err == nil {
			s.err = err
		}
		if s.err != nil || accepted >= s.total {
			break
		}
		if time.Now().After(end) {
			s.err = fmt.Errorf("not confirmed within %v: %w", s.timeout, os.ErrDeadlineExceeded)
		}
	}
	if s.target != nil {
		if err := s.target.Close(); s.err == nil && accepted < s.total {
			s.err = err
		}
	}
	if s.err == nil && s.lost > 0 {
		accepted, s.err = accepted-min(accepted, s.lost), errors.New("the others were cut or could not be sent for their length")
	}
	if s.err != nil && accepted < s.total {
		return fmt.Errorf("%s accepted %d of %s%d messages: %w", s.dialer.Name, min(accepted, s.total), s.first, s.total, errors.Join(s.err, read))
	}
	if read != nil {
		return fmt.Errorf("standard input, after %d messages that were sent: %w", s.total, read)
	}
	return nil
}
