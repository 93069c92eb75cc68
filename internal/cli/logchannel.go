package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"constat/entry"
	"constat/station"

	"github.com/spf13/cobra"
)

// logChannel writes the message, or standard input line by line, into a log channel.
func (a *app) logChannel(c *cobra.Command, f logFlags, args []string) error {
	e, err := f.channelEntry(c)
	if err != nil {
		return err
	}
	ch, opened := station.OpenChannel(f.channel, f.timeout)
	if opened != nil && !isUnread(opened) {
		return fmt.Errorf("--channel: %w", opened)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go ch.Heartbeats(ctx)
	sent, failed := 0, error(nil)
	send := func(message []byte, lost int64) {
		e.Time, e.Message = time.Now(), string(message)
		err := ch.Send(e)
		if sent++; err != nil && failed == nil {
			failed = err
		}
		if lost > 0 {
			a.say("constat: message %d: %d bytes behind the first 16 MiB are left out", sent, lost)
		}
	}
	var read error
	if len(args) > 0 {
		send([]byte(strings.Join(args, " ")), 0)
	} else if read = readLines(a.in, send); read != nil {
		read = fmt.Errorf("standard input, after %d lines: %w", sent, read)
	}
	end := ch.Close()
	if n := ch.Dropped(); n > 0 {
		return errors.Join(read, fmt.Errorf("%d of %d messages could not be written; the daemon will miss them: %w", n, sent, errors.Join(failed, end)))
	}
	if failed != nil {
		return errors.Join(read, failed)
	}
	if end != nil {
		a.say("constat: all messages are written, but not their end: %v", end)
	}
	return read
}

// isUnread reports whether an error says that nobody reads a channel now, which may be better with the next message.
func isUnread(err error) bool {
	return errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EAGAIN)
}

// channelEntry is the frame without its message.
func (f logFlags) channelEntry(c *cobra.Command) (e station.Entry, err error) {
	for _, name := range []string{"journal", "private"} {
		if c.Flags().Changed(name) {
			return e, usage("--%s: says nothing with --channel: the daemon in Dom0 decides", name)
		}
	}
	if f.timeout <= 0 {
		return e, usage("--timeout %v: want a time such as 500ms or 2s", f.timeout)
	}
	facility, level, err := parsePriority(f.priority)
	if err != nil {
		return e, err
	}
	e = station.Entry{Level: station.Level(level), Module: f.tag}
	if u, err := user.Current(); e.Module == "" && err == nil {
		e.Module = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		e.Fields = append(e.Fields, station.Field{Name: "HOSTNAME", Value: host})
	}
	if c.Flags().Changed("priority") && strings.Contains(f.priority, ".") {
		e.Fields = append(e.Fields, station.Field{Name: "SYSLOG_FACILITY", Value: strconv.Itoa(facility)})
	}
	for _, field := range f.fields {
		name, value, found := strings.Cut(field, "=")
		if !found || !entry.ValidFrameName(name) {
			return e, usage("--field %q: want NAME=VALUE, a name of letters, digits, '_', '.' and '-' that begins with a letter", field)
		}
		e.Fields = append(e.Fields, station.Field{Name: name, Value: value})
	}
	return e, nil
}
