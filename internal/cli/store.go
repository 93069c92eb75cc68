package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"constat/internal/input/native"
	"constat/internal/vfs"
	"constat/journal"
	"constat/seal"
)

const defaultStoreHelp = "/var/lib/constat for root, $XDG_STATE_HOME/constat for others"

// lockPatience is how long a command waits for another writer of the store, looking every lockPoll.
const (
	lockPatience = 5 * time.Second
	lockPoll     = 10 * time.Millisecond
)

// storeDir is the directory of the store: flag, environment, default. It is absolute.
func (a *app) storeDir() (string, error) {
	dir := a.store
	if dir == "" {
		var err error
		if dir, err = native.DefaultStore(); err != nil {
			return "", err
		}
	}
	return filepath.Abs(dir)
}

// openReader opens the store for reading.
func (a *app) openReader() (*journal.Reader, error) {
	dir, err := a.storeDir()
	if err != nil {
		return nil, err
	}
	r, err := journal.OpenReader(vfs.OS(), dir)
	return r, hint(err)
}

// hint adds the way out to errors that have one.
func hint(err error) error {
	switch {
	case errors.Is(err, journal.ErrNoStore):
		return fmt.Errorf("%w; name one with --store DIR or CONSTAT_STORE, or make one with 'constat init'", err)
	case errors.Is(err, vfs.ErrLocked):
		return fmt.Errorf("%w; end the other writer, or try again later", err)
	case isFull(err):
		return fmt.Errorf("%w; make room on the file system of the store and try again: what was acknowledged is kept", err)
	case errors.Is(err, journal.ErrExists):
		return fmt.Errorf("%w; nothing was changed ('constat status' shows it)", err)
	}
	return err
}

// openWriter opens the store for writing, and makes it if there is none. It waits a little for another writer.
func (a *app) openWriter() (*journal.Writer, error) {
	dir, err := a.storeDir()
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(a.patience)
	for {
		w, err := a.tryWriter(dir)
		if err == nil || !errors.Is(err, vfs.ErrLocked) || time.Now().After(deadline) {
			return w, hint(err)
		}
		time.Sleep(lockPoll)
	}
}

// tryWriter opens the store for writing, made if there is none, unless somebody else has it.
func (a *app) tryWriter(dir string) (*journal.Writer, error) {
	w, err := journal.OpenWriter(a.files(), dir, journal.Options{Memory: &a.memory, Floors: a.floors})
	if errors.Is(err, journal.ErrNoStore) {
		var c seal.Certificate
		if c, err = a.create(dir, cmp.Or(a.origin, defaultOrigin())); err == nil {
			a.say("constat: verification code %s", a.station.codeOf(c))
		} else if !errors.Is(err, journal.ErrExists) { // somebody was faster
			return nil, err
		}
		w, err = journal.OpenWriter(a.files(), dir, journal.Options{Memory: &a.memory, Floors: a.floors})
	}
	if err != nil {
		return nil, err
	}
	if err := a.station.claim(a.files(), dir, w.Certificate()); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	for _, notice := range w.Notices() {
		a.notice(notice)
	}
	return w, nil
}

// notice says what recovery did; that a store was created has been said.
func (a *app) notice(text string) {
	if text != "store created" {
		a.say("constat: %s", text)
	}
}

// files is where the store is written.
func (a *app) files() vfs.FS {
	if a.fs == nil {
		return vfs.OS()
	}
	return a.fs
}

// create makes a store and notes its verification code.
func (a *app) create(dir, origin string) (seal.Certificate, error) {
	if a.station != nil {
		origin = a.station.origin()
	}
	c, err := journal.CreateWith(a.files(), dir, journal.New{Origin: origin, Keys: a.sealKeys})
	if err != nil {
		return c, err
	}
	if err := a.station.claim(a.files(), dir, c); err != nil {
		return c, err
	}
	if err := writePage(dir, c, a.station); err != nil {
		a.say("constat: the page for people could not be written: %v", err)
	}
	a.say("constat: new store %s, origin %s", dir, origin)
	if err := makeWitnessKey(dir, origin); err != nil {
		a.say("constat: %v; the daemon will make the key of the witness", err)
	}
	gone, err := rememberCode(a.station.codeOf(c), c, dir)
	if err != nil {
		a.say("constat: the code could not be noted: %v", err)
	}
	for _, k := range gone {
		a.say("constat: the store that was here before, code %s, is gone and its code no longer noted", k.code)
	}
	return c, nil
}

// defaultOrigin is the name of the machine.
func defaultOrigin() string {
	host, err := os.Hostname()
	host = strings.ToLower(host)
	if err != nil || seal.ValidOrigin(host) != nil {
		return "localhost"
	}
	return host
}

// isFull reports whether an error says that there is no room left.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// finish makes durable and signs what was written, and lets go of the store.
func finish(w *journal.Writer) error {
	return errors.Join(w.Checkpoint(), w.Close())
}
