package client

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"constat/custody"
)

// digester hashes what goes through it.
type digester struct {
	size int64
	sha  hash.Hash
	md   hash.Hash
}

func newDigester() *digester { return &digester{sha: sha256.New(), md: md5.New()} }

func (d *digester) Write(p []byte) (int, error) {
	d.size += int64(len(p))
	d.sha.Write(p) // a hash never fails
	d.md.Write(p)
	return len(p), nil
}

func (d *digester) content() custody.Content {
	c := custody.Content{Size: d.size}
	d.sha.Sum(c.SHA256[:0])
	d.md.Sum(c.MD5[:0])
	return c
}

// Digest reads r to its end and returns what it held.
func Digest(r io.Reader) (custody.Content, error) {
	d := newDigester()
	_, err := io.Copy(d, r)
	return d.content(), err
}

// Reader hashes what is read through it. Close reports file.read: ok if the end was reached, else an error.
type Reader struct {
	session *Session
	ctx     context.Context
	path    string
	mime    string
	from    io.Reader
	digest  *digester
	began   time.Time
	failed  error // of the reader; io.EOF at its end
	closed  bool
}

// Reader begins to read the file at path, which is relative to the source. mime may be empty. from stays the caller's.
func (s *Session) Reader(ctx context.Context, path, mime string, from io.Reader) (*Reader, error) {
	if err := custody.CheckPath(path); err != nil {
		return nil, fmt.Errorf("custody: %w", err)
	}
	return &Reader{session: s, ctx: ctx, path: path, mime: mime, from: from, digest: newDigester(), began: s.options.Now()}, nil
}

// Read implements [io.Reader].
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.digest.Write(p[:n])
	if err != nil {
		r.failed = err
	}
	return n, err
}

// ErrPartial says that a file was not read to its end.
var ErrPartial = errors.New("the file was not read to its end")

// ErrDiffers says that a content is not the one that was there before.
var ErrDiffers = errors.New("another content")

// Close reports what was read, once. Its error is that of reading, [ErrPartial], [ErrDiffers] if the same path was
// read before with another content, or that of the report. A file is on record as read only if it is nil.
func (r *Reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	s := r.session
	e := custody.Event{Op: custody.Read, Path: r.path, MIME: r.mime, Medium: s.options.Source, Began: r.began, Result: custody.OK}
	switch {
	case r.failed == nil:
		r.failed = ErrPartial
	case errors.Is(r.failed, io.EOF):
		r.failed = nil
	}
	if r.failed != nil {
		e.Result, e.Reason = custody.Error, reason(r.failed)
		return errors.Join(r.failed, s.report(r.ctx, e))
	}
	c := r.digest.content()
	e.Content = &c
	if err := s.report(r.ctx, e); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	first, known := s.read[r.path]
	if !known {
		s.read[r.path] = c
	} else if first != c {
		return fmt.Errorf("custody: %s: %w than at the first read: SHA-256 %s, then %s", custody.Show(r.path), ErrDiffers, first.SHA256, c.SHA256)
	}
	return nil
}

// Content is what was read; of use after Close has returned nil.
func (r *Reader) Content() custody.Content { return r.digest.content() }

// Read reads a file to its end, writes it to w, and reports file.read.
func (s *Session) Read(ctx context.Context, path, mime string, from io.Reader, w io.Writer) (custody.Content, error) {
	r, err := s.Reader(ctx, path, mime, from)
	if err != nil {
		return custody.Content{}, err
	}
	_, err = io.Copy(w, r)
	if err != nil {
		r.failed = err // of the writer, perhaps
	}
	return r.Content(), errors.Join(err, r.Close())
}

// reason is an error as one line.
func reason(err error) string {
	text := []rune(err.Error())
	for i, r := range text {
		if r < 0x20 || r == 0x7f {
			text[i] = ' '
		}
	}
	if len(text) > custody.MaxReason/4 {
		text = append(text[:custody.MaxReason/4-1], '…')
	}
	return string(text)
}
