package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// journald is the systemd journal: files written by systemd-journal-remote from the export format.
type journald struct {
	events      []event
	remote, ctl string
}

func (journald) name() string { return "journald" }

func (j journald) missing() string { return missingUnless(j.remote, "systemd-journal-remote") }

func (j journald) version(ctx context.Context) string { return wordOf(ctx, 1, j.ctl, "--version") }

// load implements [archive]. The events are turned into the export format before the clock starts.
func (j journald) load(ctx context.Context, dir string) (one sample, err error) {
	export, kept := filepath.Join(dir, "export"), filepath.Join(dir, "journal")
	defer os.Remove(export)
	if err := j.export(export); err != nil {
		return one, err
	}
	if err := os.Mkdir(kept, 0o755); err != nil {
		return one, err
	}
	one, err = timed(ctx, dir, len(j.events), []string{j.remote, "--output=" + filepath.Join(kept, "events.journal"), export})
	if err == nil {
		one.bytes, err = bytesBelow(kept)
	}
	return one, err
}

// boot is a boot and a machine that the entries claim to come from.
const boot = "0f0e0d0c0b0a09080706050403020100"

// export writes the events in the export format.
func (j journald) export(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range j.events {
		e := &j.events[i]
		us := e.at.UnixMicro()
		fmt.Fprintf(w, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n_MACHINE_ID=%s\n_HOSTNAME=%s\nSYSLOG_IDENTIFIER=%s\nPRIORITY=%d\nSYSLOG_FACILITY=%d\n",
			us, us-j.events[0].at.UnixMicro(), boot, boot, e.host, e.app, e.priority&7, e.priority>>3)
		if string(e.pid) != "-" {
			fmt.Fprintf(w, "SYSLOG_PID=%s\n", e.pid)
		}
		fmt.Fprintf(w, "MESSAGE=%s\n\n", e.message)
	}
	return w.Flush()
}

// journalNames are the names of fields in the journal.
var journalNames = map[string]string{"host": "_HOSTNAME", "app": "SYSLOG_IDENTIFIER", "pid": "SYSLOG_PID"}

// ask implements [archive]. journalctl counts nothing.
func (j journald) ask(dir string, q question) []string {
	c := []string{"env", "TZ=UTC", j.ctl, "-q", "--no-pager", "-o", "cat", "--file=" + filepath.Join(dir, "journal", "*.journal")}
	if q.n > 0 {
		c = append(c, "-n", strconv.Itoa(q.n))
	}
	switch q.kind {
	case byField:
		return append(c, journalNames[q.field]+"="+q.value)
	case newest:
		return c
	case window:
		const layout = "2006-01-02 15:04:05"
		return append(c, "--since="+q.from.Format(layout), "--until="+q.to.Format(layout))
	case word:
		return append(c, "--case-sensitive=true", `--grep=\b`+q.needle+`\b`)
	case substring, pattern:
		return append(c, "--case-sensitive=true", "--grep="+q.needle)
	case everything:
		c[6] = "json"
		return c
	case sound:
		return append(slices.Clip(c), "--verify")
	}
	return nil
}

// read implements [archive].
func (journald) read(_ question, out []byte) (answer, error) { return sortedLines(out), nil }

func sortedLines(out []byte) (a answer) {
	for line := range bytes.Lines(out) {
		a = append(a, string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	slices.Sort(a)
	return a
}

// missingUnless says which package to install if the program is not there.
func missingUnless(program, debianPackage string) string {
	if program != "" {
		return ""
	}
	return "peer missing: apt-get install " + debianPackage
}

// wordOf is one word of what a program prints about its version.
func wordOf(ctx context.Context, n int, program string, args ...string) string {
	if program == "" {
		return "missing"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	f := strings.Fields(string(output(ctx, program, args...)))
	if len(f) <= n {
		return "unknown"
	}
	return strings.Trim(f[n], ",v")
}
