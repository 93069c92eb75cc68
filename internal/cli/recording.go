package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"constat/internal/input/record"
	"constat/internal/tunnel"
)

// recording is one run of "record".
type recording struct {
	*app
	flags  recordFlags
	file   *record.File
	server *record.Server
	sink   *recordSink
	tunnel *tunnel.Tunnel // nil without --via
}

// run records until a signal ends it. The tunnel ends first, then the listener, then the file and the journal, so that
// each gets what the one before it has.
func (r *recording) run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the process
	defer r.rotateOnHangup(stop)()

	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	served := make(chan error, 1)
	go func() { served <- r.server.Run(serving, r.sink) }()
	r.announce()
	var tunnelErr, err error
	if r.tunnel != nil {
		tunnelErr = r.tunnel.Run(ctx)
	} else {
		<-ctx.Done()
	}
	end()
	err = <-served
	journalErr := r.sink.finish()
	err = errors.Join(tunnelErr, err, journalErr, r.file.Close())
	s := r.server.Stats()
	r.say("constat: recorded %d lines of %d connections; refused %d", s.Lines, s.Clients, s.Refused)
	return err
}

// rotateOnHangup begins a new file at SIGHUP, unless it is the terminal that has hung up: then it calls end. What it
// returns ends that.
func (r *recording) rotateOnHangup(end func()) func() {
	onTerminal := isTerminal(r.in)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-hangup:
				if onTerminal && !isTerminal(r.in) {
					end()
					return
				}
				if err := r.file.Rotate(); err != nil {
					r.say("constat: SIGHUP: %s: %v", r.file.Path(), err)
				}
			}
		}
	}()
	return func() { signal.Stop(hangup); close(done) }
}

// announce says what is done, and what is not protected.
func (r *recording) announce() {
	journal := " and journal " + r.flags.journal
	if r.flags.noJournal {
		journal = ""
	}
	if r.tunnel != nil {
		r.say("constat: recording port %d of %s into %s%s", r.flags.remotePort, r.flags.via, r.file.Path(), journal)
		if r.flags.public {
			r.say("constat: note: clients reach that port in clear text, and whoever reaches it can write")
		}
		return
	}
	var names []string
	open := false
	for _, a := range r.server.Addrs() {
		names = append(names, a.String())
		open = open || isOpen(a)
	}
	r.say("constat: recording %s into %s%s", strings.Join(names, " "), r.file.Path(), journal)
	r.say("constat: try: echo hello | nc -N %s", forNetcat(r.server.Addrs()[0]))
	if open && len(r.flags.allow) == 0 && r.flags.tlsCA == "" {
		r.say("constat: note: whoever reaches this port can write; --allow NETWORK or --tls-client-ca FILE limits that")
	}
	if open && r.flags.tls == "" {
		r.say("constat: note: what is sent here is in clear text; --tls CERT,KEY encrypts it")
	}
}

// isOpen reports whether others than this machine may reach an address.
func isOpen(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && !tcp.IP.IsLoopback()
}

// forNetcat is an address as nc wants it.
func forNetcat(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	host := tcp.AddrPort().Addr().Unmap()
	if host.IsUnspecified() {
		host = netip.MustParseAddr("127.0.0.1")
	}
	return fmt.Sprint(host, " ", tcp.Port)
}
