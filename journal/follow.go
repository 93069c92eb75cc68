package journal

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// Watch reports changes of the store made by any process: a value comes after one or more of them, so that a new
// [Reader.Snapshot] shows what is new. The first value comes at once. The channel is closed when the context ends or
// watching fails; the error then says why.
func (r *Reader) Watch(ctx context.Context) (<-chan struct{}, func() error, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil, fmt.Errorf("watch %s: %w", r.dir, err)
	}
	changed := make(chan struct{}, 1)
	done := make(chan error, 1)
	go func() {
		defer close(changed)
		done <- r.watch(ctx, w, changed)
	}()
	return changed, func() error { return <-done }, nil
}

func (r *Reader) watch(ctx context.Context, w *fsnotify.Watcher, changed chan<- struct{}) error {
	defer w.Close()
	for {
		if err := r.watchDirs(w); err != nil {
			return err
		}
		select {
		case changed <- struct{}{}:
		default: // a value is waiting already
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			return fmt.Errorf("watch %s: %w", r.dir, err)
		case _, ok := <-w.Events:
			if !ok {
				return nil
			}
		}
	}
}

// watchDirs adds the store and the directories of its journals; adding one again does nothing.
func (r *Reader) watchDirs(w *fsnotify.Watcher) error {
	if err := w.Add(r.dir); err != nil {
		return fmt.Errorf("watch %s: %w", r.dir, err)
	}
	names, err := r.Journals()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := w.Add(filepath.Join(r.dir, name)); err != nil {
			return fmt.Errorf("watch journal %s: %w", name, err)
		}
	}
	return nil
}
