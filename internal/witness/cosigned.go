package witness

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/seal"
)

// Cosigned is a checkpoint of a journal with the cosignatures that are kept of it.
type Cosigned struct {
	seal.Checkpoint
	signed string // the note as the log signed it
	By     []seal.Cosignature
}

// Note is the signed note with its cosignatures.
func (c Cosigned) Note() []byte {
	note := []byte(c.signed)
	for _, s := range c.By {
		note = append(note, s.Line()...)
	}
	return note
}

// ReadCosigned reads the cosigned checkpoints of a journal in the directory dir, the largest first; none if there is no
// such file. It checks the signature of the store and not those of witnesses: which keys those have, the reader knows.
func ReadCosigned(fsys vfs.FS, dir, origin string, id seal.PublicKey) ([]Cosigned, error) {
	name := filepath.Join(dir, layout.CosignedFile)
	data, err := durable.ReadFile(fsys, name, layout.MaxCosigned)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	notes, err := seal.SplitNotes(data)
	var list []Cosigned
	for i := 0; i < len(notes) && err == nil; i++ {
		var c Cosigned
		if c, err = openCosigned(notes[i], origin, id); err == nil {
			list = append(list, c)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

func openCosigned(note []byte, origin string, id seal.PublicKey) (c Cosigned, err error) {
	if c.Checkpoint, err = seal.OpenCheckpoint(note, origin, id); err != nil {
		return c, err
	}
	if _, c.By, err = seal.Cosignatures(note); err != nil {
		return c, err
	}
	for _, s := range c.By {
		note = bytes.Replace(note, []byte(s.Line()), nil, 1)
	}
	c.signed = string(note)
	return c, nil
}

// keep adds cosignatures of a checkpoint to those that are kept: of each witness the newest.
func keep(list []Cosigned, point seal.Checkpoint, signed []byte, by []seal.Cosignature) []Cosigned {
	kept := []Cosigned{{point, string(signed), slices.Clone(by)}}
	for _, c := range list {
		others := slices.DeleteFunc(slices.Clone(c.By), func(s seal.Cosignature) bool {
			return slices.ContainsFunc(by, func(n seal.Cosignature) bool { return n.Name == s.Name && n.ID == s.ID })
		})
		switch {
		case len(others) == 0:
		case c.Checkpoint == point:
			kept[0].By = append(kept[0].By, others...)
		default:
			kept = append(kept, Cosigned{c.Checkpoint, c.signed, others})
		}
	}
	slices.SortStableFunc(kept, func(a, b Cosigned) int { return cmp.Compare(b.Size, a.Size) })
	return kept
}

// writeCosigned replaces the file.
func writeCosigned(fsys vfs.FS, dir string, list []Cosigned) error {
	var data []byte
	for _, c := range list {
		data = append(data, c.Note()...)
	}
	return durable.WriteFile(fsys, filepath.Join(dir, layout.CosignedFile), data, outsideMode)
}

// outsideMode is the mode of the files that hold what others said: as that of the checkpoint.
const outsideMode = 0o640
