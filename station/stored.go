package station

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// stored reads a store by the program "constat": it works whether the daemon runs or not, in the order and with the rights
// of the command line.
type stored struct{ program, store string }

func (s Source) stored(store string) (reader, error) {
	program := s.Program
	if program == "" {
		program = os.Getenv("CONSTAT_BIN")
	}
	if program == "" {
		program = "constat"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("%w: the store %s is read by the program constat, which is not found (%w): install it, or name it with CONSTAT_BIN",
			ErrNoLog, store, err)
	}
	return stored{path, store}, nil
}

// command is a command of constat about a store. It has a limited complaint.
func (s stored) command(ctx context.Context, complaint *bytes.Buffer, arguments ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, s.program, arguments...)
	c.Env = append(os.Environ(), "CONSTAT_STORE="+s.store)
	c.Stderr = &limited{complaint}
	c.WaitDelay = time.Second
	return c
}

// limited keeps the beginning of what is written.
type limited struct{ to *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	l.to.Write(p[:min(len(p), max(4096-l.to.Len(), 0))])
	return len(p), nil
}

// selection are the arguments that select.
func (q Query) selection() []string {
	var list []string
	add := func(flag, value string) { list = append(list, flag, value) }
	if !q.Since.IsZero() {
		add("-S", q.Since.UTC().Format(time.RFC3339Nano))
	}
	if !q.Until.IsZero() {
		add("-U", q.Until.UTC().Format(time.RFC3339Nano))
	}
	if q.Level > 0 {
		add("-p", strconv.Itoa(int(q.Level)))
	}
	if q.Text != "" {
		add("-g", "(?i)"+regexp.QuoteMeta(q.Text))
	}
	if q.Limit > 0 {
		add("-n", strconv.Itoa(q.Limit))
	}
	list = append(list, "--")
	if q.Module != "" {
		list = append(list, "SYSLOG_IDENTIFIER="+q.Module)
	}
	if q.Domain != "" {
		list = append(list, "_XEN_DOMAIN="+q.Domain)
	}
	return list
}

func (s stored) newest(ctx context.Context, q Query) (l Log, err error) {
	limit := q.Limit
	if limit > 0 {
		q.Limit++ // to see whether there are more
	}
	_, err = s.all(ctx, q, func(line []byte) error {
		e, err := parseLogged(bytes.TrimSuffix(bytes.Clone(line), []byte("\n")))
		l.Entries = append(l.Entries, e)
		return err
	})
	if limit > 0 && len(l.Entries) > limit {
		l.Entries, l.More = l.Entries[len(l.Entries)-limit:], true
	}
	return l, err
}

func (s stored) all(ctx context.Context, q Query, take func([]byte) error) (l Log, err error) {
	var complaint bytes.Buffer
	c := s.command(ctx, &complaint, append([]string{"show", "-o", "json", "--no-pager"}, q.selection()...)...)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return l, err
	}
	lines := bufio.NewReaderSize(out, 64<<10)
	for err == nil {
		var line []byte
		if line, err = lines.ReadBytes('\n'); err == nil {
			err = take(line)
		}
	}
	if !errors.Is(err, io.EOF) {
		c.Process.Kill()
		c.Wait()
		return l, err
	}
	return l, failure(ctx, c.Wait(), &complaint)
}

// failure says what a command complained of.
func failure(ctx context.Context, err error, complaint *bytes.Buffer) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("the log was not read in time: %w", ctx.Err())
	}
	return fmt.Errorf("the log cannot be read: %w: %s", err, strings.TrimSpace(complaint.String()))
}
