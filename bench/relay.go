package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// relayCase measures a relay: messages come over TCP and go on over TCP, octet counting on both sides. What they are is
// not looked at on the way. constat keeps every message, durable and signed, before it goes on, and makes columns of what
// it has kept or does not; rsyslog keeps none, or has its queue on the disk. What a start costs is left out.
func (s *suite) relayCase(context.Context) (benchCase, error) {
	parts := s.load.split(connections)
	for i, p := range parts {
		parts[i] = counted(p)
	}
	relay := func(make func(sink int) server) runner {
		return relayTo((*sink).read, sendTCP, make, s.messages, parts)
	}
	peer := func(name string, disk bool) contender {
		if s.rsyslogd == "" {
			return contender{name: name, missing: "peer missing: apt-get install rsyslog"}
		}
		return contender{name: name, run: relay(func(sink int) server { return relayRsyslog{rsyslog{s.rsyslogd, false}, sink, disk} })}
	}
	return benchCase{name: "relay", title: "relay, TCP to TCP, octet counting", contenders: []contender{
		{name: "constat, durable", run: relay(func(sink int) server { return relayConstat{constat{s.binary}, sink, true} })},
		{name: "constat, durable and indexed", run: relay(func(sink int) server { return relayConstat{constat{s.binary}, sink, false} })},
		peer("rsyslog, queue in memory", false),
		peer("rsyslog, queue on disk", true),
	}}, nil
}

// relayConstat sends on what it gets.
type relayConstat struct {
	constat
	sink  int  // port
	heads bool // stay heads
}

func (c relayConstat) command(dir string, port int) ([]string, error) {
	return c.with(dir, fmt.Sprintf("  udp: [\"127.0.0.1:%d\"]\n  tcp: [\"127.0.0.1:%d\"]\n", port, port), fmt.Sprintf("tcp://127.0.0.1:%d", c.sink))
}

// with is the command with a configuration that listens like that and sends on to an address.
func (c relayConstat) with(dir, listen, to string) ([]string, error) {
	file := filepath.Join(dir, "constat.yaml")
	convert := "at-once"
	if c.heads {
		convert = "never"
	}
	text := fmt.Sprintf("store: %s\norigin: bench.example\nlisten:\n%shttp: \"off\"\nconvert: %s\noutputs:\n- name: next\n  to: [%q]\n",
		c.store(dir), listen, convert, to)
	return c.quietly(dir, "serve", "--config", file), os.WriteFile(file, []byte(text), 0o644)
}

// written implements [server]: nothing is left to be done where heads stay heads.
func (c relayConstat) written(ctx context.Context, dir string, messages int) (time.Duration, error) {
	if c.heads {
		return 0, nil
	}
	return c.constat.written(ctx, dir, messages)
}

// relayRsyslog sends on what it gets.
type relayRsyslog struct {
	rsyslog
	sink int  // port
	disk bool // its queue is on the disk
}

func (r relayRsyslog) command(dir string, port int) ([]string, error) {
	queue := ""
	if r.disk {
		queue = `main_queue(queue.type="Disk" queue.filename="q" queue.maxDiskSpace="8g")` + "\n"
	}
	text := fmt.Sprintf(`global(workDirectory="%[1]s")
%[4]smodule(load="imtcp")
module(load="imudp")
input(type="imtcp" address="127.0.0.1" port="%[2]d")
input(type="imudp" address="127.0.0.1" port="%[2]d")
template(name="raw" type="string" string="%%rawmsg%%")
action(type="omfwd" target="127.0.0.1" port="%[3]d" protocol="tcp" TCP_Framing="octet-counted" template="raw" action.resumeRetryCount="-1")
`, dir, port, r.sink, queue)
	file := filepath.Join(dir, "rsyslog.conf")
	return []string{r.binary, "-n", "-i", filepath.Join(dir, "pid"), "-f", file}, os.WriteFile(file, []byte(text), 0o644)
}

// written implements [server]: everything has left.
func (relayRsyslog) written(context.Context, string, int) (time.Duration, error) { return 0, nil }

// size implements [server]: what is left on disk is not asked.
func (relayRsyslog) size(string) (int64, error) { return 0, nil }

// sink counts messages that come over TCP with octet counting.
type sink struct {
	l     net.Listener
	port  int
	count atomic.Int64
}

func newSink(read func(*sink, net.Conn)) (*sink, error) {
	l, err := net.Listen("tcp", loopback(0))
	if err != nil {
		return nil, err
	}
	s := &sink{l: l, port: l.Addr().(*net.TCPAddr).Port}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go read(s, conn)
		}
	}()
	return s, nil
}

func (s *sink) read(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 256<<10)
	for {
		digits, err := in.ReadSlice(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(string(digits[:len(digits)-1]))
		if err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, in, int64(n)); err != nil {
			return
		}
		s.count.Add(1)
	}
}

// all waits until so many messages came, or none for a while.
func (s *sink) all(ctx context.Context, messages int) error {
	last, grown := int64(-1), time.Now()
	for time.Since(grown) < givenUpFrom {
		n := s.count.Load()
		if n >= int64(messages) {
			return nil
		}
		if n != last {
			last, grown = n, time.Now()
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// relayTo returns a run: a server gets parts by send, and sends them on to a sink, which takes its connections by read.
func relayTo(read func(*sink, net.Conn), send func(context.Context, int, [][]byte) error, make func(sink int) server, messages int, parts [][]byte) runner {
	return func(ctx context.Context, dir string) (s sample, err error) {
		to, err := newSink(read)
		if err != nil {
			return s, err
		}
		defer to.l.Close()
		srv := make(to.port)
		r, err := serve(ctx, srv, dir)
		if err != nil {
			return s, err
		}
		defer r.kill()
		started, err := r.rest(ctx)
		if err != nil {
			return s, err
		}
		begun := machineNow()
		if err := send(ctx, r.port, parts); err != nil {
			return s, err
		}
		if err := to.all(ctx, messages); err != nil {
			return s, err
		}
		arrived := time.Now()
		more, err := srv.written(ctx, dir, messages)
		if err != nil {
			return s, err
		}
		_, s.peak = r.memory()
		if err := r.stop(); err != nil {
			return s, err
		}
		s.network, s.messages, s.elapsed, s.cpu = true, messages, arrived.Sub(begun.at), r.cpu()-started+more
		s.limit = limitOf(begun.until(time.Now(), s.cpu))
		s.lost = messages - int(to.count.Load())
		s.bytes, err = srv.size(dir)
		return s, err
	}
}
