package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Times for a peer that does not say when it has written everything: it is asked to end when its file holds every
// message, or has not grown for a while.
const (
	lookEvery   = 50 * time.Millisecond
	quietFor    = 300 * time.Millisecond
	givenUpFrom = 5 * time.Second
)

// durable implements [server]: with a sync of each batch the last write tells, without nobody can.
func (r rsyslog) durable(context.Context, string, int) (bool, error) { return false, nil }

// written implements [server].
func (r rsyslog) written(ctx context.Context, dir string, messages int) (time.Duration, error) {
	size, grown := int64(-1), time.Now()
	for time.Since(grown) < givenUpFrom {
		info, err := os.Stat(r.file(dir))
		switch {
		case err == nil && info.Size() != size:
			size, grown = info.Size(), time.Now()
		case err == nil && time.Since(grown) > quietFor:
			if n, err := countLines(r.file(dir)); err != nil || n >= messages {
				return 0, err
			}
		}
		if err := sleep(ctx, lookEvery); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// finished implements [server]: the last write, which flatters the peer by its last sync.
func (r rsyslog) finished(dir string, _ time.Time) (time.Time, error) {
	info, err := os.Stat(r.file(dir))
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// tally implements [server].
func (r rsyslog) tally(_ context.Context, dir string) (kept, lost int, err error) {
	kept, err = countLines(r.file(dir))
	return kept, 0, err
}

// countLines counts the lines of a file; without the file there are none.
func countLines(name string) (int, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	b, n := make([]byte, 1<<20), 0
	for {
		got, err := f.Read(b)
		n += bytes.Count(b[:got], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// tally implements [server]: all entries without those that constat writes about itself.
func (c constat) tally(ctx context.Context, dir string) (kept, lost int, err error) {
	size, err := c.journalSize(ctx, dir, "system")
	if err != nil {
		return 0, 0, err
	}
	control, _, err := c.entries(ctx, dir, "control")
	if err != nil {
		return 0, 0, err
	}
	losses, lost, err := c.entries(ctx, dir, "loss")
	if err != nil {
		return 0, 0, err
	}
	seals, _, err := c.entries(ctx, dir, "seal")
	return size - control - losses - seals, lost, err
}

// size implements [server]: the store and its keys.
func (c constat) size(dir string) (int64, error) {
	return bytesBelow(c.store(dir), c.store(dir)+".keys", c.store(dir)+".run")
}

// size implements [server].
func (r rsyslog) size(dir string) (int64, error) { return bytesBelow(r.file(dir)) }

// journalSize is how many entries a journal has.
func (c constat) journalSize(ctx context.Context, dir, journal string) (int, error) {
	out, err := exec.CommandContext(ctx, c.binary, "status", "--store", c.store(dir), "-o", "json").Output()
	if err != nil {
		return 0, fmt.Errorf("constat status: %w", err)
	}
	var status struct {
		Journals map[string]struct{ Size int }
	}
	err = json.Unmarshal(out, &status)
	return status.Journals[journal].Size, err
}

// entries counts the entries of a kind, and the messages that they say are lost.
func (c constat) entries(ctx context.Context, dir, kind string) (n, lost int, err error) {
	out, err := exec.CommandContext(ctx, c.binary, "show", "--store", c.store(dir), "--journal", "system", "--kind", kind, "-o", "json").Output()
	if err != nil {
		return 0, 0, fmt.Errorf("constat show: %w", err)
	}
	for line := range bytes.Lines(out) {
		var e struct {
			Messages string `json:"LOSS_MESSAGES"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, 0, err
		}
		m, _ := strconv.Atoi(e.Messages)
		n, lost = n+1, lost+m
	}
	return n, lost, nil
}

// bytesBelow is the size of all files in the directories. Those that are not there have none.
func bytesBelow(dirs ...string) (sum int64, err error) {
	for _, dir := range dirs {
		err = errors.Join(err, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				sum += info.Size()
			}
			return err
		}))
	}
	return sum, err
}
