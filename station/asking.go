package station

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"constat/internal/inquiry"
)

// asking reads the log of a domain over its query channel.
type asking struct {
	path    string
	timeout time.Duration // for each question
}

// conversation is an open query channel.
type conversation interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

// question is what can be asked of a channel.
func (q Query) question() (out inquiry.Question, err error) {
	if q.Domain != "" {
		return out, fmt.Errorf("domain %q: %w: a domain reads its own entries only", q.Domain, ErrNoLog)
	}
	out = inquiry.Question{Module: q.Module, Text: q.Text, Limit: min(max(q.Limit, 0), inquiry.MaxEntries)}
	if !q.Since.IsZero() {
		out.Since = q.Since.UTC().Format(time.RFC3339Nano)
	}
	if !q.Until.IsZero() {
		out.Until = q.Until.UTC().Format(time.RFC3339Nano)
	}
	if q.Level > 0 {
		level := int(q.Level)
		out.Level = &level
	}
	return out, nil
}

func (a asking) newest(ctx context.Context, q Query) (l Log, err error) {
	asked, err := q.question()
	if err != nil {
		return l, err
	}
	conn, err := a.open(ctx)
	if err != nil {
		return l, err
	}
	defer conn.Close()
	end, err := a.exchange(ctx, conn, asked, func(line []byte) error {
		e, err := parseLogged(line)
		l.Entries = append(l.Entries, e)
		return err
	})
	l.More, l.TooLong, l.Missing = end.More, end.TooLong, end.Missing
	return l, err
}

// all asks again and again. What comes while it asks may come too. With a limit these are the newest so many.
func (a asking) all(ctx context.Context, q Query, take func([]byte) error) (l Log, err error) {
	asked, err := q.question()
	if err != nil {
		return l, err
	}
	if q.Limit > inquiry.MaxEntries {
		return l, fmt.Errorf("limit %d: a domain gets all, or at most the newest %d", q.Limit, inquiry.MaxEntries)
	}
	conn, err := a.open(ctx)
	if err != nil {
		return l, err
	}
	defer conn.Close()
	asked.Oldest = q.Limit == 0
	for {
		end, err := a.exchange(ctx, conn, asked, func(line []byte) error { return take(append(line, '\n')) })
		l.TooLong += end.TooLong
		l.Missing = max(l.Missing, end.Missing)
		if l.More = end.More && !asked.Oldest; err != nil || !end.More || !asked.Oldest {
			return l, err
		}
		asked.Cursor = end.Next
	}
}

// open opens the channel, for this program alone.
func (a asking) open(ctx context.Context) (conversation, error) {
	info, err := os.Stat(a.path)
	if err != nil {
		return nil, fmt.Errorf("%w: query channel: %w; docs/station-log.md says how to give one to a domain", ErrNoLog, err)
	}
	if info.Mode()&fs.ModeSocket != 0 {
		var d net.Dialer
		return d.DialContext(ctx, "unix", a.path)
	}
	if info.Mode()&fs.ModeCharDevice == 0 {
		return nil, fmt.Errorf("%w: %s is no query channel; want a character device or a Unix socket", ErrNoLog, a.path)
	}
	f, err := os.OpenFile(a.path, os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(alone(ctx, f), plain(f), unread(f)); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", a.path, err)
	}
	return f, nil
}

// alone waits until no other program asks on a channel: each would take answers of the other.
func alone(ctx context.Context, f *os.File) error {
	raw, err := f.SyscallConn()
	for err == nil {
		failed := raw.Control(func(fd uintptr) { err = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
		if failed != nil || !errors.Is(err, unix.EWOULDBLOCK) {
			return errors.Join(failed, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another program asks on this channel: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
			err = nil
		}
	}
	return err
}

// unread keeps a terminal from changing what is read, and from waiting for the end of a line.
func unread(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	failed := raw.Control(func(fd uintptr) {
		var t *unix.Termios
		if t, err = unix.IoctlGetTermios(int(fd), unix.TCGETS); err != nil {
			err = nil // no terminal
			return
		}
		t.Iflag &^= unix.ICRNL | unix.INLCR | unix.IGNCR | unix.IXON | unix.IXOFF | unix.ISTRIP
		t.Lflag &^= unix.ICANON | unix.ISIG | unix.IEXTEN
		err = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	return errors.Join(failed, err)
}

// exchange asks one question and takes the entries of the answer.
func (a asking) exchange(ctx context.Context, conn conversation, q inquiry.Question, take func([]byte) error) (end inquiry.End, err error) {
	deadline := time.Now().Add(a.timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	conn.SetDeadline(deadline)
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	body, err := json.Marshal(q)
	if err != nil {
		return end, err
	}
	var raw [inquiry.IDSize / 2]byte
	rand.Read(raw[:]) // never fails
	id := hex.AppendEncode(nil, raw[:])
	line := (&inquiry.Line{Kind: inquiry.KindQuestion, ID: id, Body: body}).Append([]byte{'\n'})
	if len(line) > inquiry.MaxQuestion {
		return end, fmt.Errorf("the question has %d bytes, at most %d: shorten module or text", len(line), inquiry.MaxQuestion)
	}
	if _, err := conn.Write(line); err != nil {
		return end, a.silent(err)
	}
	return a.hear(conn, id, take)
}

// hear takes the answer to one question; what else comes is of before.
func (a asking) hear(conn conversation, id []byte, take func([]byte) error) (end inquiry.End, err error) {
	lines := bufio.NewReaderSize(conn, inquiry.MaxLine)
	for number := uint64(1); ; {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) { // no line of an answer is so long
			continue
		}
		if err != nil {
			return end, a.silent(err)
		}
		l, ok := inquiry.Parse(line[:len(line)-1])
		switch {
		case !ok || !bytes.Equal(l.ID, id) || l.Kind == inquiry.KindQuestion:
			continue
		case l.Number != number:
			return end, fmt.Errorf("%s: a part of the answer got lost on the way: ask again", a.path)
		case l.Kind == inquiry.KindEnd:
			if err := json.Unmarshal(l.Body, &end); err != nil {
				return end, fmt.Errorf("%s: end of the answer: %w", a.path, err)
			}
			if end.Error != "" {
				err = fmt.Errorf("%s: Dom0 does not answer: %s", a.path, end.Error)
			}
			return end, err
		}
		number++
		if err := take(bytes.Clone(l.Body)); err != nil {
			return end, err
		}
	}
}

// silent is the error of a channel on which no answer comes.
func (a asking) silent(err error) error {
	if isTimeout(err) {
		err = fmt.Errorf("no answer in time (%w): does 'constat serve' run in Dom0, and does it know the socket of this channel, NAME%s?", err, "-query.sock")
	}
	return fmt.Errorf("%s: %w", a.path, err)
}
