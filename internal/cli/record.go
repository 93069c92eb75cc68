package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"constat/internal/config"
	"constat/internal/input/record"
	"constat/internal/tlsconf"
	"constat/internal/tunnel"
	"constat/journal/layout"

	"github.com/spf13/cobra"
)

// recordFlags are the flags of "record".
type recordFlags struct {
	listen, allow               []string
	raw, noJournal, public      bool
	via, hop, ssh               string
	remotePort                  int
	tls, tlsCA                  string
	journal, tag, priority      string
	maxSize, keepFree, maxLine  string
	keep, clients, perAddress   int
	idle, keepAlive, retryAfter time.Duration
}

func (a *app) recordCommand() *cobra.Command {
	var f recordFlags
	c := &cobra.Command{
		Use:   "record PORT FILE | record --via USER@HOST --remote-port PORT FILE",
		Short: "Put the lines that arrive on a TCP port into a file, and into the journal",
		Long: `Put the lines that arrive on a TCP port into FILE at once, and into the journal: a place to print to for a container
or a device that can open a socket. Any number of clients may write; no line is mixed with another one. FILE may be "-",
standard output. Without --listen only this machine can connect. With --via the port is one of another machine, and comes
here through ssh: for machines that cannot be reached from outside.

SIGHUP begins a new file, as logrotate wants it. SIGINT (Ctrl-C) and SIGTERM end it when all that has arrived is kept.`,
		Example: `  constat record 55514 debug.log          then: echo hello | nc -N localhost 55514; tail -f debug.log
  constat record --listen '*' --allow 192.168.1.0/24 55514 /var/log/lab.log
  constat record --listen '*' --tls cert.pem,key.pem 55514 debug.log
  constat record --via anna@server.example --remote-port 55514 --public debug.log
  constat record --max-size 100MiB --keep 10 --no-journal 55514 debug.log`,
		Args: func(c *cobra.Command, args []string) error { return f.checkArgs(args) },
		RunE: func(c *cobra.Command, args []string) error { return a.record(c.Context(), f, args) },
	}
	f.define(c)
	return c
}

func (f *recordFlags) define(c *cobra.Command) {
	s := c.Flags()
	s.StringSliceVar(&f.listen, "listen", nil, "`ADDRESS` to listen on, '*' for all; may be repeated (default the loopback addresses)")
	s.StringSliceVar(&f.allow, "allow", nil, "`NETWORK` or address that may connect, such as 192.168.1.0/24; may be repeated (default all)")
	s.BoolVar(&f.raw, "raw", false, "keep the octets in FILE as they come: lines of clients that write at the same time may mix")
	s.BoolVar(&f.noJournal, "no-journal", false, "only FILE")
	s.StringVar(&f.via, "via", "", "record what arrives on a port of `USER@HOST`, through ssh")
	s.IntVar(&f.remotePort, "remote-port", 0, "with --via: the `PORT` there")
	s.BoolVar(&f.public, "public", false, "with --via: a port that can be reached from outside HOST, by a second hop if sshd wants that")
	s.StringVar(&f.hop, "hop", "localhost", "with --public: whom HOST calls by ssh for the second hop")
	s.StringVar(&f.ssh, "ssh", "ssh", "with --via: the ssh `COMMAND` with arguments of its own, such as 'ssh -F FILE'")
	s.DurationVar(&f.keepAlive, "keepalive", 15*time.Second, "with --via: time between two signs of life")
	s.DurationVar(&f.retryAfter, "retry", time.Second, "with --via: wait before the first attempt to connect again; it doubles")
	s.StringVar(&f.tls, "tls", "", "clients must speak TLS; the server's `CERT,KEY` are files in PEM")
	s.StringVar(&f.tlsCA, "tls-client-ca", "", "with --tls: clients need a certificate signed by one of this `FILE`")
	s.StringVar(&f.journal, "journal", layout.System, "journal to write to")
	s.StringVarP(&f.tag, "tag", "t", "", "SYSLOG_IDENTIFIER (default the name of FILE)")
	s.StringVarP(&f.priority, "priority", "p", "user.info", "[FACILITY.]LEVEL of the lines")
	s.StringVar(&f.maxSize, "max-size", "", "begin a new file before FILE has more than `SIZE` octets; the old one becomes FILE.1")
	s.IntVar(&f.keep, "keep", 0, "how many old files stay (default all)")
	s.StringVar(&f.keepFree, "keep-free", "64MiB", "clients wait while less than `SIZE` of the disk is free; 0 is no limit")
	s.StringVar(&f.maxLine, "max-line", "256KiB", "longer lines go on in the next one")
	s.IntVar(&f.clients, "max-clients", record.DefaultClients, "how many may be connected")
	s.IntVar(&f.perAddress, "max-per-address", 0, "how many from one address (default half of them)")
	s.DurationVar(&f.idle, "idle", 0, "close connections that say nothing for so long (default never)")
}

func (f *recordFlags) checkArgs(args []string) error {
	switch {
	case f.via != "" && len(args) != 1:
		return usage("with --via: want FILE alone; the port is --remote-port")
	case f.via == "" && len(args) != 2:
		return usage("want PORT and FILE, or --via USER@HOST --remote-port PORT FILE; see 'constat record --help'")
	case f.via == "" && (f.public || f.remotePort != 0):
		return usage("--public and --remote-port are for --via USER@HOST")
	case f.via != "" && (f.remotePort < 1 || f.remotePort > 65535):
		return usage("--remote-port %d: with --via, want the port on %s, 1 to 65535", f.remotePort, f.via)
	case f.via != "" && (len(f.listen) > 0 || len(f.allow) > 0 || f.tls != ""):
		return usage("--listen, --allow and --tls are for a port of this machine: with --via, ssh hands connections over without their addresses")
	case f.tlsCA != "" && f.tls == "":
		return usage("--tls-client-ca wants --tls CERT,KEY too")
	}
	return nil
}

// record runs until it is told to end.
func (a *app) record(ctx context.Context, f recordFlags, args []string) (err error) {
	file := args[len(args)-1]
	c, err := f.server(args, func(err error) { a.say("constat: %v", err) })
	if err != nil {
		return err
	}
	fc, err := f.file(file)
	if err != nil {
		return err
	}
	fc.Report = func(text string) { a.say("constat: %s", text) }
	r := recording{app: a, flags: f}
	if f.via != "" {
		if r.tunnel, err = f.tunnel(func(text string) { a.say("constat: %s", text) }); err != nil {
			return usage("--via: %w", err)
		}
		defer r.tunnel.Close()
		c.Socket, c.Via = r.tunnel.Socket(), "ssh "+f.via
	}
	if r.file, err = record.OpenFile(fc); err != nil {
		return err
	}
	c.File = r.file
	if r.server, err = record.Listen(c); err != nil {
		return err
	}
	defer r.server.Close()
	if r.sink, err = a.recordSink(f, file); err != nil {
		return err
	}
	return r.run(ctx)
}

// server says what to listen on, and who may come.
func (f *recordFlags) server(args []string, report func(error)) (c record.Config, err error) {
	c = record.Config{Raw: f.raw, MaxClients: f.clients, MaxPerAddress: f.perAddress, Idle: f.idle}
	limit, err := config.ParseSize(f.maxLine)
	if err != nil || limit > 16<<20 {
		return c, usage("--max-line %q: want 1 to 16MiB", f.maxLine)
	}
	c.Limit = int(limit)
	if f.clients < 1 || f.perAddress < 0 || f.idle < 0 {
		return c, usage("--max-clients: want 1 or more; --max-per-address and --idle: 0 or more")
	}
	if f.via == "" {
		port, err := strconv.ParseUint(args[0], 10, 16)
		if err != nil {
			return c, usage("port %q: want a number, 1 to 65535 (0: any free one)", args[0])
		}
		c.Addresses, c.Optional = f.addresses(strconv.FormatUint(port, 10))
	}
	for _, text := range f.allow {
		network, err := parseNetwork(text)
		if err != nil {
			return c, usage("--allow %q: want an address or a network, such as 192.168.1.0/24", text)
		}
		c.Allow = append(c.Allow, network)
	}
	c.TLS, err = f.loadTLS(report)
	return c, err
}

func (f *recordFlags) addresses(port string) (wanted, optional []string) {
	if len(f.listen) == 0 {
		return []string{net.JoinHostPort("127.0.0.1", port)}, []string{net.JoinHostPort("::1", port)}
	}
	for _, host := range f.listen {
		host = strings.Trim(host, "[]")
		if host == "*" {
			host = ""
		}
		wanted = append(wanted, net.JoinHostPort(host, port))
	}
	return wanted, nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	p, err := config.ParseNetwork(text)
	return p.Masked(), err
}

// loadTLS reads the files of --tls. report is told when they have changed and cannot be used.
func (f *recordFlags) loadTLS(report func(error)) (*tls.Config, error) {
	if f.tls == "" {
		return nil, nil
	}
	cert, key, found := strings.Cut(f.tls, ",")
	if !found {
		return nil, usage("--tls %q: want CERT,KEY, the names of two files in PEM", f.tls)
	}
	c, err := tlsconf.NewServer(tlsconf.Settings{Certificate: cert, Key: key, CA: f.tlsCA, Anonymous: f.tlsCA == ""}, report)
	if err != nil {
		return nil, fmt.Errorf("--tls, --tls-client-ca: %w; want the names of files in PEM", err)
	}
	return c.Server(), nil
}

func (f *recordFlags) file(path string) (c record.FileConfig, err error) {
	c = record.FileConfig{Path: path, Keep: f.keep, Raw: f.raw}
	if f.keep < 0 || f.keep > 0 && f.maxSize == "" {
		return c, usage("--keep %d: want 1 or more, and --max-size SIZE", f.keep)
	}
	if f.maxSize != "" {
		if c.MaxBytes, err = config.ParseSize(f.maxSize); err != nil {
			return c, usage("--max-size: %w", err)
		}
	}
	if f.keepFree != "0" {
		if c.KeepFree, err = config.ParseSize(f.keepFree); err != nil {
			return c, usage("--keep-free: %w", err)
		}
	}
	return c, nil
}

func (f *recordFlags) tunnel(say func(string)) (*tunnel.Tunnel, error) {
	return tunnel.New(tunnel.Config{Host: f.via, Port: f.remotePort, Public: f.public, Hop: f.hop,
		SSH: strings.Fields(f.ssh), Alive: f.keepAlive, Retry: f.retryAfter, Say: say})
}

// tagOf is what the lines are filed under, unless --tag says it.
func (f *recordFlags) tagOf(file string) string {
	if file == "-" {
		file = "record"
	}
	return cmp.Or(f.tag, filepath.Base(file))
}
