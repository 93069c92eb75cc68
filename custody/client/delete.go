package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"constat/custody"
)

// Delete removes the file at path from the source or the destination, as role says, looks that it is gone, and only then
// reports file.deleted. Whatever fails is reported as an error too. A directory is no file.
func (s *Session) Delete(ctx context.Context, name string, from *os.Root, role string) error {
	if err := custody.CheckPath(name); err != nil {
		return fmt.Errorf("custody: %w", err)
	}
	e := custody.Event{Op: custody.Deleted, Path: name, Medium: s.options.Source, Began: s.options.Now(), Result: custody.OK}
	if role == custody.Destination {
		e.Medium = s.options.Destination
	}
	err := remove(name, from)
	if err == nil {
		return s.report(ctx, e)
	}
	e.Result, e.Reason = custody.Error, reason(err)
	return errors.Join(fmt.Errorf("custody: %s: not deleted: %w", custody.Show(name), err), s.report(ctx, e))
}

func remove(name string, from *os.Root) error {
	info, err := from.Lstat(name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return errors.New("it is no file but a directory")
	}
	if err := from.Remove(name); err != nil {
		return err
	}
	if err := syncDirectory(from, path.Dir(name)); err != nil {
		return err
	}
	if _, err := from.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errors.New("it is still there"), err)
	}
	return nil
}
