package station

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Evidence says whether [Source.SaveLog] makes evidence.
type Evidence int

// The choices.
const (
	EvidenceWhereStored Evidence = iota // where a store can be read, that is in Dom0
	EvidenceRequired                    // or nothing is saved
	EvidenceNone
)

// Save says what is saved, and how.
type Save struct {
	Query Query
	// Name is what the files are called, without its end (.jsonl, .log, .evidence.zip); "" is journal- and the time in UTC.
	// A file of that name that is there already is an error.
	Name string
	// Text saves lines of text rather than JSON lines.
	Text     bool
	Evidence Evidence
	// AnyDirectory saves also into a directory that is no mount point. Without it that is refused: where no medium is
	// mounted its directory is memory of the station, and gone with it.
	AnyDirectory bool
}

// Saved is what lies on the medium now.
type Saved struct {
	Files   []string // paths: the log, then the evidence if there is any
	Entries int
	Log     Log    // without the entries
	Note    string // why there is no evidence; "" if there is, or none was wanted
}

// SaveLog copies the log to a medium that is mounted. Each file is written under a name of its own, synced, closed, read
// back from the medium and compared, and only then gets its name. After an error no file is there under its name.
func (s Source) SaveLog(ctx context.Context, directory string, o Save) (saved Saved, err error) {
	if o.Name == "" {
		o.Name = "journal-" + time.Now().UTC().Format("20060102T150405Z")
	}
	if strings.ContainsAny(o.Name, "/\x00") || strings.HasPrefix(o.Name, ".") {
		return saved, fmt.Errorf("name %q: want the name of a file, without directory", o.Name)
	}
	from, err := s.find()
	if err != nil {
		return saved, err
	}
	m, err := openMedium(directory, !o.AnyDirectory)
	if err != nil {
		return saved, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	suffix := ".jsonl"
	if o.Text {
		suffix = ".log"
	}
	if err = m.add(o.Name+suffix, func(w io.Writer) (err error) { saved.Log, err = writeLog(ctx, from, o, w, &saved.Entries); return err }); err != nil {
		return saved, err
	}
	if err = addEvidence(ctx, m, from, o, &saved); err != nil {
		return saved, err
	}
	if err = m.keep(); err != nil {
		return saved, err
	}
	for _, f := range m.files {
		saved.Files = append(saved.Files, filepath.Join(directory, f.name))
	}
	return saved, nil
}

// SaveLog is [Source.SaveLog] of the zero source.
func (a *Api) SaveLog(ctx context.Context, directory string, o Save) (Saved, error) {
	return Source{}.SaveLog(ctx, directory, o)
}

func writeLog(ctx context.Context, from reader, o Save, w io.Writer, entries *int) (Log, error) {
	return from.all(ctx, o.Query, func(line []byte) error {
		if o.Text {
			l, err := parseLogged(line)
			if err != nil {
				return err
			}
			line = []byte(l.Line())
		}
		*entries++
		_, err := w.Write(line)
		return err
	})
}

// addEvidence makes evidence of the same selection. It is made first where the program likes to, and then copied.
func addEvidence(ctx context.Context, m *medium, from reader, o Save, saved *Saved) error {
	store, ok := from.(stored)
	switch {
	case o.Evidence == EvidenceNone:
		return nil
	case !ok:
		saved.Note = "a domain gets no evidence over its query channel: make it in Dom0, with 'constat prove'"
	case saved.Entries == 0:
		saved.Note = "nothing matches, so there is nothing to prove"
	default:
		return m.add(o.Name+".evidence.zip", func(w io.Writer) error { return store.prove(ctx, o.Query, w) })
	}
	if o.Evidence == EvidenceRequired {
		return errors.New("no evidence: " + saved.Note)
	}
	return nil
}

func (s stored) prove(ctx context.Context, q Query, w io.Writer) error {
	dir, err := os.MkdirTemp("", "constat-evidence-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "log.evidence.zip")
	var complaint bytes.Buffer
	if err := failure(ctx, s.command(ctx, &complaint, append([]string{"prove", "-o", name}, q.selection()...)...).Run(), &complaint); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
