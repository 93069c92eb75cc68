package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/config"
	"constat/internal/input"
	followed "constat/internal/input/file"
	"constat/internal/input/native"
	"constat/internal/input/syslog"
	"constat/internal/input/xen"
)

func describeProcess(pid, uid, gid int) []entry.Field { return syslog.Describe(pid, uid, gid) }

// bindInputs binds what the service manager handed over, or what the configuration names.
func (d *Daemon) bindInputs() ([]part, error) {
	list := wanted(d.config.Listen, d.options.Dir)
	if len(d.options.Files) > 0 { // they stand for all plain sockets
		list = slices.DeleteFunc(list, func(l listener) bool { return slices.Contains(plainKinds, l.kind) })
	}
	b := d.newBinder(list, d.config.Listen)
	for _, f := range d.options.Files {
		in, err := b.file(f)
		if b.add(in, err); err == nil {
			b.admit(listener{}, in)
		}
	}
	for _, l := range list {
		d.names[l] = b.bound(l)
	}
	d.bound.add(b.made)
	return b.parts, errors.Join(b.errs...)
}

// listener is one place where messages come in, as configured.
type listener struct{ kind, address string }

// plainKinds are the kinds of sockets that the service manager can bind instead.
var plainKinds = []string{"udp", "tcp", "datagram", "stream"}

// wanted lists the listeners of a configuration; without any, the defaults.
func wanted(l *config.Listen, store string) []listener {
	if l == nil {
		l = &config.Listen{UDP: []string{config.DefaultSyslog}, TCP: []string{config.DefaultSyslog},
			Datagram: []string{filepath.Join(native.RunDir(store), native.LogName)}}
	}
	var list []listener
	for _, k := range []struct {
		kind      string
		addresses []string
	}{{"udp", l.UDP}, {"tcp", l.TCP}, {"datagram", l.Datagram}, {"stream", l.Stream}, {"xen", l.Xen}} {
		for _, a := range k.addresses {
			list = append(list, listener{k.kind, a})
		}
	}
	for _, t := range l.TLS {
		list = append(list, listener{"tls", t.Listens()})
	}
	for _, r := range l.RELP {
		list = append(list, listener{relpKind(r), r.Listens()})
	}
	for _, b := range l.BEEP {
		list = append(list, listener{beepKind(b), b.Listens()})
	}
	for _, f := range l.Files {
		list = append(list, listener{"file", f.Path})
	}
	for _, p := range l.Pipes {
		list = append(list, listener{"pipe", p.Path})
	}
	if l.Kernel != "" {
		list = append(list, listener{"kernel", l.Kernel})
	}
	for _, m := range l.MQTT {
		list = append(list, listener{"mqtt", m.Broker})
	}
	return list
}

// binder collects bound inputs, and what kept others from being bound.
type binder struct {
	d      *Daemon
	limits config.Limits
	listen config.Listen // as it is to be
	made   map[listener]bound
	parts  []part
	errs   []error

	tcpLimit, localLimit int // connections of a listener
	followLimit          int // open files of a pattern
}

// newBinder returns a binder for these listeners, or for what the service manager bound.
func (d *Daemon) newBinder(list []listener, listen *config.Listen) *binder {
	b := &binder{d: d, limits: d.config.Limits, made: map[listener]bound{}}
	if listen != nil {
		b.listen = *listen
	}
	kinds := map[string]int{"tcp": len(d.options.Files), "stream": len(d.options.Files)}
	for _, l := range list {
		kinds[l.kind]++
	}
	patterns := 0
	for _, f := range b.listen.Files {
		if followed.IsPattern(f.Path) {
			patterns++
		}
	}
	b.followLimit = d.openFiles(patterns)
	b.tcpLimit, b.localLimit = d.connections(patterns*b.followLimit, kinds["tcp"]+kinds["tls"]+kinds["relp"]+kinds["relp-tls"]+kinds["beep"]+kinds["beep-tls"], kinds["stream"])
	return b
}

// otherFiles is how many files the daemon wants for everything but connections of senders.
const otherFiles = 256

// openFiles is how many files each of so many patterns may have open: all together a quarter of what the daemon may.
func (d *Daemon) openFiles(patterns int) int {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return followed.DefaultMost
	}
	return min(followed.DefaultMost, max(1, int(min(files.Cur, 1<<30))/4/max(patterns, 1)))
}

// connections is how many each of so many listeners may have, so that all together leave files for the store, and for
// those that are followed. Local programs get an eighth of them.
func (d *Daemon) connections(beside, tcps, locals int) (tcp, local int) {
	want := cmp.Or(d.config.Limits.Connections, syslog.DefaultConnections)
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return want, want
	}
	all := int(min(files.Cur, 1<<30))
	room := max(1, all-min(otherFiles, all*3/4)-beside)
	if locals > 0 {
		local = min(want, room/8/locals)
		room -= local * locals
	}
	tcp = min(want, room/max(tcps, 1))
	if tcp < d.config.Limits.Connections && tcps > 0 {
		d.log.Warn("limits.connections is more than the limit of open files allows (LimitNOFILE)", "connections", tcp)
	}
	return tcp, local
}

// bound binds a listener and returns under which name it runs.
func (b *binder) bound(l listener) string {
	in, err := b.bind(l)
	b.add(in, err)
	if err != nil {
		return ""
	}
	made := b.made[l]
	made.in = in
	b.made[l] = made
	b.admit(l, in)
	return in.Name()
}

func (b *binder) add(in input.Input, err error) {
	if err != nil {
		b.errs = append(b.errs, err)
		return
	}
	run := func(ctx context.Context) error { return b.d.counts.run(ctx, in, b.d.intake) }
	b.parts = append(b.parts, part{in.Name(), run, in.Close})
}

func (b *binder) bind(l listener) (input.Input, error) {
	switch l.kind {
	case "udp":
		return b.udp(l.address, nil)
	case "tcp":
		return b.tcp(l.address, nil)
	case "datagram":
		return syslog.ListenUnixgram(b.local(l.address, nil))
	case "xen":
		return xen.Watch(xen.Config{Path: l.address, Limit: int(b.limits.Message), Fields: b.d.facts, Resume: b.d.channelRuns,
			Answer: (&questions{d: b.d}).answer})
	case "tls", "relp", "relp-tls", "beep", "beep-tls":
		return b.transport(l)
	case "file":
		return b.follow(l)
	case "pipe":
		return b.pipe(l)
	case "kernel":
		return b.kernel(l)
	case "mqtt":
		return b.broker(l)
	}
	return syslog.ListenUnix(b.local(l.address, nil))
}

func (b *binder) udp(address string, f *os.File) (input.Input, error) {
	in, err := syslog.ListenUDP(syslog.UDPConfig{Address: address, File: f, Limit: int(b.limits.Message),
		ReceiveBuffer: int(b.limits.ReceiveBuffer)})
	if err == nil && in.ReceiveBuffer() < 1<<20 {
		b.d.log.Warn("small receive buffer: bursts may be lost (and counted); raise net.core.rmem_max or start as root",
			"input", in.Name(), "bytes", in.ReceiveBuffer())
	}
	return in, err
}

func (b *binder) tcp(address string, f *os.File) (input.Input, error) {
	return syslog.ListenTCP(b.stream(address, f))
}

// stream is how all streams of the network are received.
func (b *binder) stream(address string, f *os.File) syslog.TCPConfig {
	return syslog.TCPConfig{Address: address, File: f, Limit: int(b.limits.Message), MaxConnections: b.tcpLimit,
		MaxPerAddress: b.limits.ConnectionsPerAddress, FrameTimeout: time.Duration(b.limits.FrameTimeout),
		HandshakeTimeout: time.Duration(b.limits.HandshakeTimeout), Refused: b.d.refused}
}

func (b *binder) local(path string, f *os.File) syslog.UnixConfig {
	return syslog.UnixConfig{Path: path, File: f, Limit: int(b.limits.Message), Fields: b.d.facts,
		MaxConnections: b.localLimit, FrameTimeout: time.Duration(b.limits.FrameTimeout)}
}

// file makes an input of a socket that the service manager bound, by its kind.
func (b *binder) file(f *os.File) (input.Input, error) {
	kind, err1 := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_TYPE)
	domain, err2 := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("socket %s of the service manager: %w", f.Name(), err)
	}
	local := domain == unix.AF_UNIX
	switch {
	case local && kind == unix.SOCK_DGRAM:
		return syslog.ListenUnixgram(b.local("", f))
	case local && kind == unix.SOCK_STREAM:
		return syslog.ListenUnix(b.local("", f))
	case kind == unix.SOCK_DGRAM:
		return b.udp("", f)
	case kind == unix.SOCK_STREAM:
		return b.tcp("", f)
	}
	return nil, fmt.Errorf("socket %s of the service manager: neither datagrams nor a stream", f.Name())
}

// bindNative binds the socket of constat's own commands. What a daemon left there that is gone is removed: we hold
// the store, so that no other daemon of this store can be there.
func (d *Daemon) bindNative(socket string) (part, error) {
	if err := removeStale(socket); err != nil {
		return part{}, err
	}
	s, err := native.Listen(socket, backend{d}, d.describe)
	if err != nil {
		return part{}, err
	}
	return part{"socket " + socket, s.Serve, s.Close}, nil
}

func removeStale(socket string) error {
	info, err := os.Lstat(socket)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSocket == 0 {
		return fmt.Errorf("%s is there and is no socket: name another one with socket: in the configuration", socket)
	}
	if conn, err := net.Dial("unix", socket); err == nil {
		conn.Close()
		return fmt.Errorf("%s: somebody listens there", socket)
	}
	return os.Remove(socket)
}
