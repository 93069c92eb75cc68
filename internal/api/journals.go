package api

import (
	"fmt"
	"path/filepath"
	"time"

	"constat/journal"
	"constat/journal/layout"
)

// Journal is what everybody may know of a journal.
type Journal struct {
	Name    string
	Origin  string
	VKey    string    // verifier key, as C2SP tools take it
	Size    uint64    // entries, the unsigned ones included
	Signed  uint64    // entries under the newest persisted checkpoint
	Root    string    // of that checkpoint, base64
	At      time.Time // when it was written
	Bytes   int64     // on disk
	Problem string    // why the rest is not known, or ""
}

// Log is the path of the log of the journal.
func (j Journal) Log() string { return "/tlog/" + j.Name + "/" }

// journals looks at all journals. One that cannot be read does not keep the others from being shown.
func (h *handler) journals() ([]Journal, error) {
	names, err := h.Reader.Journals()
	if err != nil {
		return nil, err
	}
	list := make([]Journal, len(names))
	for i, name := range names {
		j := &list[i]
		j.Name, j.Bytes = name, h.bytesOf(name)
		if err := h.look(j); err != nil {
			h.Report(fmt.Errorf("http: journal %s: %w", name, err))
			j.Problem = "cannot be read"
		}
	}
	return list, nil
}

func (h *handler) look(j *Journal) error {
	p, err := h.logs.Published(j.Name)
	if err != nil {
		return err
	}
	j.Origin, j.VKey = p.Origin, h.Reader.Certificate().Identity.VKey(p.Origin)
	j.Signed, j.Root = p.Size, p.Root.String()
	info, err := h.FS.Stat(filepath.Join(h.Reader.Dir(), j.Name, layout.CheckpointFile))
	if err != nil {
		return err
	}
	j.At = info.ModTime()
	views, err := h.Reader.Snapshot(j.Name)
	if err != nil {
		return err
	}
	j.Size = views[0].Size
	return journal.CloseViews(views)
}

// bytesOf adds up the files of a journal, as far as they can be seen.
func (h *handler) bytesOf(name string) (sum int64) {
	files, _ := h.FS.ReadDir(filepath.Join(h.Reader.Dir(), name))
	for _, f := range files {
		if info, err := f.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum
}
