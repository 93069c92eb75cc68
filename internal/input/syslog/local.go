package syslog

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/input"
)

const (
	refresh      = time.Second // what /proc said is believed for so long
	maxProcesses = 2048        // that are remembered at most
	nobody       = 65534       // the uid that the kernel shows where it has none to show
)

// locals are the senders on this machine, by their credentials.
type locals struct {
	format   input.Format
	datagram bool
	fields   []entry.Field // of every source
	proc     *proc
	unknown  *sender

	mu   sync.Mutex
	seen recent[unix.Ucred, *local] // guarded by mu
}

// local is a process, or what has been one a moment ago.
type local struct {
	*sender
	process process
	at      time.Time // when /proc said so
}

func newLocals(c UnixConfig, datagram bool) *locals {
	l := &locals{format: c.Format, datagram: datagram, fields: c.Fields, proc: newProc(),
		seen: newRecent[unix.Ucred, *local](maxProcesses / 2)}
	l.unknown = &sender{source: l.source("unix", nil)}
	return l
}

// of implements senders.
func (l *locals) of(b *batch, i int) *sender { return l.sender(b.credentials(i)) }

// sender returns the sender with these credentials. It is the same one until something changes about the process.
func (l *locals) sender(who unix.Ucred, known bool) *sender {
	if !known || who.Pid == 0 && who.Uid == nobody {
		return l.unknown
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	p, ok := l.seen.get(who)
	if ok && now.Sub(p.at) < refresh {
		return p.sender
	}
	var process process
	if who.Pid != 0 {
		process = l.proc.read(who.Pid)
	}
	if ok && p.process == process {
		p.at = now
		return p.sender
	}
	p = &local{process: process, at: time.Now()}
	p.sender = &sender{source: l.source("unix uid "+strconv.FormatUint(uint64(who.Uid), 10), describe(who, process))}
	l.seen.put(who, p)
	return p.sender
}

func (l *locals) source(name string, fields []entry.Field) *input.Source {
	return &input.Source{Name: name, Format: l.format, Datagram: l.datagram, Local: true,
		Fields: slices.Concat([]entry.Field{observed("_TRANSPORT", "syslog")}, fields, l.fields)}
}

// describe is what kernel and /proc know, as fields.
func describe(who unix.Ucred, p process) []entry.Field {
	var fields []entry.Field
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, observed(name, value))
		}
	}
	if who.Pid != 0 {
		add("_PID", strconv.Itoa(int(who.Pid)))
	}
	add("_UID", strconv.FormatUint(uint64(who.Uid), 10))
	add("_GID", strconv.FormatUint(uint64(who.Gid), 10))
	add("_COMM", p.comm)
	add("_EXE", p.exe)
	add("_CMDLINE", p.commandLine)
	return fields
}
