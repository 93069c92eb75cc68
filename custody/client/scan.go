package client

import (
	"context"
	"fmt"
	"io"

	"constat/custody"
)

// Verdict is what an engine says.
type Verdict struct {
	Result custody.Result // Clean, Infected, Error or Skipped
	Threat string         // of Infected
	Reason string         // of Error and Skipped
}

// Scanned reports the verdict of an engine on a content, which the engine must have had before it: content is what the
// caller has hashed of what the engine has read. [Session.Scan] does both.
func (s *Session) Scanned(ctx context.Context, path string, content *custody.Content, e custody.Engine, v Verdict) error {
	return s.report(ctx, custody.Event{Op: custody.Scanned, Path: path, Content: content, Engine: e, Result: v.Result, Threat: v.Threat, Reason: v.Reason})
}

// Scan hashes a file, lets an engine judge it, hashes it again and reports file.scanned about this very content. If the
// file has changed meanwhile, or the engine fails, an error is reported, and returned. The engine gets the file at its
// beginning.
func (s *Session) Scan(ctx context.Context, path string, file io.ReadSeeker, e custody.Engine, engine func(io.Reader) (Verdict, error)) (Verdict, error) {
	began := s.options.Now()
	before, err := s.digest(file)
	if err != nil {
		return s.unscanned(ctx, path, nil, e, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return s.unscanned(ctx, path, &before, e, err)
	}
	v, err := engine(file)
	if err != nil {
		return s.unscanned(ctx, path, &before, e, err)
	}
	after, err := s.digest(file)
	if err == nil && after != before {
		err = fmt.Errorf("%w after the scan than before it: SHA-256 %s, then %s", ErrDiffers, before.SHA256, after.SHA256)
	}
	if err != nil {
		return s.unscanned(ctx, path, nil, e, err)
	}
	event := custody.Event{Op: custody.Scanned, Path: path, Content: &before, Engine: e, Result: v.Result, Threat: v.Threat, Reason: v.Reason, Began: began}
	return v, s.report(ctx, event)
}

func (s *Session) digest(file io.ReadSeeker) (c custody.Content, err error) {
	if _, err = file.Seek(0, io.SeekStart); err == nil {
		c, err = Digest(file)
	}
	return c, err
}

// unscanned reports that there is no verdict.
func (s *Session) unscanned(ctx context.Context, path string, c *custody.Content, e custody.Engine, cause error) (Verdict, error) {
	v := Verdict{Result: custody.Error, Reason: reason(cause)}
	if err := s.Scanned(ctx, path, c, e, v); err != nil {
		return v, fmt.Errorf("%w (and %w)", cause, err)
	}
	return v, fmt.Errorf("custody: %s: not scanned: %w", custody.Show(path), cause)
}
