package main

import (
	"context"
	"time"
)

// udpRate is how many datagrams a second are sent.
const udpRate = 100_000

// connections is how many TCP connections send at once.
const connections = 2

func (s *suite) tcpCase(context.Context) (benchCase, error) {
	take := func(srv server) runner { return takeTCP(srv, s.messages, s.load.split(connections)) }
	return benchCase{name: "tcp", title: "syslog over TCP, 2 connections, LF framing", contenders: []contender{
		{name: "constat", run: take(constat{s.binary})},
		s.peer("rsyslog, no fsync", false, take),
		s.peer("rsyslog, fsync a batch", true, take),
	}}, nil
}

func (s *suite) octetCase(context.Context) (benchCase, error) {
	parts := s.load.split(connections)
	for i, p := range parts {
		parts[i] = counted(p)
	}
	take := func(srv server) runner { return takeTCP(srv, s.messages, parts) }
	return benchCase{name: "tcp-octet", title: "syslog over TCP, 2 connections, octet counting", contenders: []contender{
		{name: "constat", run: take(constat{s.binary})},
		s.peer("rsyslog, no fsync", false, take),
	}}, nil
}

func (s *suite) udpCase(context.Context) (benchCase, error) {
	take := func(srv server) runner { return takeUDP(srv, s.load) }
	return benchCase{name: "udp", title: "syslog over UDP, 100,000 a second from one sender", contenders: []contender{
		{name: "constat", run: take(constat{s.binary})},
		s.peer("rsyslog, no fsync", false, take),
	}}, nil
}

// takeTCP returns a run: a server gets parts at once, each over its own connection.
func takeTCP(srv server, messages int, parts [][]byte) runner {
	return func(ctx context.Context, dir string) (sample, error) {
		return take(ctx, srv, dir, func(r *running) (int, error) { return messages, sendTCP(ctx, r.port, parts) })
	}
}

// takeUDP returns a run: a server gets the lines as datagrams. Its rate is the pace that the sender kept.
func takeUDP(srv server, l load) runner {
	return func(ctx context.Context, dir string) (sample, error) {
		var paced time.Duration
		s, err := take(ctx, srv, dir, func(r *running) (sent int, err error) {
			begun := time.Now()
			sent, err = sendUDP(ctx, r.port, l.lines, udpRate)
			paced = time.Since(begun)
			if err == nil {
				err = emptied(ctx, r.port)
			}
			return sent, err
		})
		s.elapsed, s.limit = paced, "the pace of the sender"
		return s, err
	}
}

// take runs a server from its start to its end, with what send sends in between.
func take(ctx context.Context, srv server, dir string, send func(*running) (int, error)) (s sample, err error) {
	r, err := serve(ctx, srv, dir)
	if err != nil {
		return s, err
	}
	defer r.kill()
	begun := machineNow()
	if s.messages, err = send(r); err != nil {
		return s, err
	}
	safe, err := srv.durable(ctx, dir, s.messages)
	if err != nil {
		return s, err
	}
	if safe {
		s.durable = time.Since(begun.at)
	}
	more, err := srv.written(ctx, dir, s.messages)
	if err != nil {
		return s, err
	}
	_, s.peak = r.memory()
	if err := r.stop(); err != nil {
		return s, err
	}
	finished, err := srv.finished(dir, time.Now())
	if err != nil {
		return s, err
	}
	s.network, s.elapsed, s.cpu = true, finished.Sub(begun.at), r.cpu()+more
	s.limit = limitOf(begun.until(finished, s.cpu))
	return s, s.count(ctx, srv, dir)
}

// count fills in what was kept and lost.
func (s *sample) count(ctx context.Context, srv server, dir string) error {
	kept, lost, err := srv.tally(ctx, dir)
	if err != nil {
		return err
	}
	s.counted, s.lost = lost, s.messages-kept-lost
	s.bytes, err = srv.size(dir)
	return err
}
