package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"constat/custody"

	"golang.org/x/sys/unix"
)

// Copy delivers the file at path, relative to both directories: it reads it from the source directory while hashing it,
// writes it beside its place in the destination, syncs it, reads it back and compares, gives it its name, and only then
// reports file.copied. If the session has read the path before and the content is another one now, nothing is delivered,
// and the error wraps [ErrDiffers]. Whatever fails is reported as an error too, and leaves nothing behind. Links that
// lead out of a directory are not followed.
func (s *Session) Copy(ctx context.Context, name string, from, to *os.Root) (custody.Content, error) {
	began := s.options.Now()
	if err := custody.CheckPath(name); err != nil {
		return custody.Content{}, fmt.Errorf("custody: %w", err)
	}
	c, err := s.transfer(name, from, to)
	e := custody.Event{Op: custody.Copied, Path: name, Medium: s.options.Destination, Began: began, Result: custody.OK, Content: c}
	if err != nil {
		e.Result, e.Reason = custody.Error, reason(err)
	}
	told := s.report(ctx, e)
	if err == nil {
		return *c, told
	}
	return custody.Content{}, errors.Join(fmt.Errorf("custody: %s: not delivered: %w", custody.Show(name), err), told)
}

// transfer does all but the report. The content is what the source has given, if it has given all of it.
func (s *Session) transfer(name string, from, to *os.Root) (c *custody.Content, err error) {
	source, err := from.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer source.Close() // read only
	if info, err := source.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errors.New("it is no file but a directory, device, socket or pipe"), err)
	}
	if dir := path.Dir(name); dir != "." {
		if err := to.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
	}
	part := path.Join(path.Dir(name), ".constat-"+rand.Text())
	defer func() {
		if err != nil {
			to.Remove(part) // what is left of it: the first error counts
		}
	}()
	sent, err := write(source, to, part)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	first, known := s.read[name]
	s.mu.Unlock()
	if known && first != sent {
		return &sent, fmt.Errorf("%w than at the first read: SHA-256 %s, then %s", ErrDiffers, first.SHA256, sent.SHA256)
	}
	if err := compare(to, part, sent); err != nil {
		return nil, err
	}
	if err := to.Rename(part, name); err != nil {
		return nil, err
	}
	return &sent, syncDirectory(to, path.Dir(name))
}

// write copies a file to a new one and syncs it.
func write(source io.Reader, to *os.Root, part string) (custody.Content, error) {
	f, err := to.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return custody.Content{}, err
	}
	d := newDigester()
	_, err = io.Copy(io.MultiWriter(f, d), source)
	if err == nil {
		err = f.Sync()
	}
	return d.content(), errors.Join(err, f.Close())
}

// compare reads a file back, from the medium rather than from memory where the system lets it.
func compare(to *os.Root, part string, sent custody.Content) error {
	f, err := to.Open(part)
	if err != nil {
		return err
	}
	defer f.Close() // read only
	forget(f)
	got, err := Digest(f)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if got != sent {
		return fmt.Errorf("%w when read back: SHA-256 %s, written was %s", ErrDiffers, got.SHA256, sent.SHA256)
	}
	return nil
}

// forget drops the pages of a synced file from memory, so that it is read from the medium. A system that does not do
// that reads what it wrote itself: the comparison then finds less.
func forget(f *os.File) {
	unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // advice
}

func syncDirectory(to *os.Root, dir string) error {
	d, err := to.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
