// Package terminal writes messages to terminals: to a device, or to those of users who are logged in. Nobody waits for a
// terminal: what it does not take within a moment is not written, and a user who is not there gets nothing. The
// messages stand in the journal.
package terminal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"constat/internal/output"
)

// takeWithin is how long a terminal may take for all messages of a Send.
const takeWithin = 500 * time.Millisecond

// Lost reasons of messages that a terminal did not take, and of those for users where nothing says who is logged in.
const (
	reasonBusy    = "terminal does not take it"
	reasonUnknown = "nobody knows who is logged in"
)

// Device is a terminal by its path, such as /dev/console.
type Device struct{ Name string }

// Open opens the terminal.
func (d Device) Open(_ context.Context, lost output.Lost) (output.Target, error) {
	f, err := openTerminal(d.Name)
	if err != nil {
		return nil, err
	}
	return &device{f: f, lost: lost}, nil
}

func openTerminal(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
}

type device struct {
	f    *os.File
	lost output.Lost
	sent uint64
	text []byte
}

// Send implements [output.Target].
func (t *device) Send(_ context.Context, m *output.Messages) error {
	t.text = appendText(t.text[:0], m)
	t.sent += uint64(m.Len())
	err := write(t.f, t.text)
	if isBusy(err) {
		t.lost(reasonBusy, uint64(m.Len()), uint64(len(t.text)))
		return nil
	}
	return err
}

// isBusy reports whether a terminal did not take something in time.
func isBusy(err error) bool { return os.IsTimeout(err) || errors.Is(err, syscall.EAGAIN) }

// appendText appends messages as terminals want lines. Whatever a terminal may obey becomes "?": control characters, also
// those from U+0080 to U+009F, of which one begins a command as ESC [ does, and octets that are not UTF-8.
func appendText(dst []byte, m *output.Messages) []byte {
	for i := range m.Ends {
		message := bytes.TrimRight(m.At(i), "\n")
		for len(message) > 0 {
			r, size := utf8.DecodeRune(message)
			if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && r != '\t' {
				dst = append(dst, '?')
			} else {
				dst = append(dst, message[:size]...)
			}
			message = message[size:]
		}
		dst = append(dst, "\r\n"...)
	}
	return dst
}

func write(f *os.File, text []byte) error {
	f.SetWriteDeadline(time.Now().Add(takeWithin)) // a device that has none does not block: it was opened so
	_, err := f.Write(text)
	return err
}

// Confirmed implements [output.Target].
func (t *device) Confirmed(bool) (uint64, error) { return t.sent, nil }

// Close implements [output.Target].
func (t *device) Close() error { return t.f.Close() }

// Users are people who are logged in.
type Users struct {
	Names []string // none: all
	Utmp  string   // "": /run/utmp
	Dev   string   // "": /dev
	// Sessions is where logind keeps who is logged in, which is asked where there is no utmp; "": /run/systemd/sessions.
	Sessions string
}

// Open never fails: who is logged in is looked up for each message.
func (u Users) Open(_ context.Context, lost output.Lost) (output.Target, error) {
	if u.Utmp == "" {
		u.Utmp = "/run/utmp"
	}
	if u.Dev == "" {
		u.Dev = "/dev"
	}
	if u.Sessions == "" {
		u.Sessions = "/run/systemd/sessions"
	}
	return &users{Users: u, lost: lost}, nil
}

type users struct {
	Users
	lost output.Lost
	sent uint64
	text []byte
}

// Send implements [output.Target].
func (t *users) Send(_ context.Context, m *output.Messages) error {
	t.sent += uint64(m.Len())
	lines, err := t.lines()
	if err != nil {
		t.lost(reasonUnknown, uint64(m.Len()), uint64(len(m.Octets)))
	}
	if len(lines) == 0 {
		return nil
	}
	t.text = appendText(append(t.text[:0], "\r\n"...), m)
	for _, line := range lines {
		f, err := openTerminal(line)
		if err != nil {
			continue
		}
		if err := write(f, t.text); isBusy(err) {
			t.lost(reasonBusy, uint64(m.Len()), uint64(len(t.text)))
		}
		f.Close()
	}
	return nil
}

// Confirmed implements [output.Target].
func (t *users) Confirmed(bool) (uint64, error) { return t.sent, nil }

// Close implements [output.Target].
func (t *users) Close() error { return nil }
