package auditfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"constat/internal/durable"
	"constat/internal/vfs"
)

// cursor says how far a file has come.
type cursor struct {
	Journal string `json:"journal"` // id
	Next    uint64 `json:"next"`    // index of the first entry that is not written
	Bytes   int64  `json:"bytes"`   // of the file, up to there
}

// cursorSuffix is what the name of a cursor has behind that of its file.
const cursorSuffix = ".cursor"

// maxCursor bounds a cursor as it is read, in bytes.
const maxCursor = 4096

// filePerm is that of the file and of its cursor: it holds personal data.
const filePerm = 0o640

// file is an open audit file.
type file struct {
	config  Config
	f       *os.File
	w       *bufio.Writer
	size    int64 // with what is buffered
	cursor  cursor
	noted   cursor
	notedAt time.Time
}

// openFile opens the file of a config, or makes it. lines is how many whole lines stand behind what the cursor knows
// of: nothing may be noted before the cursor stands behind their entries.
func openFile(c Config, id string) (f *file, lines int, err error) {
	f = &file{config: c, cursor: cursor{Journal: id}}
	known, err := f.readCursor()
	if err != nil {
		return nil, 0, err
	}
	if f.f, err = os.OpenFile(c.File, os.O_RDWR|os.O_APPEND|os.O_CREATE, filePerm); err != nil {
		return nil, 0, err
	}
	if lines, err = f.resume(known); err != nil {
		return nil, 0, errors.Join(err, f.f.Close())
	}
	f.w = bufio.NewWriterSize(f.f, 64<<10)
	return f, lines, nil
}

// readCursor reads the cursor; known says that there is one for this journal.
func (f *file) readCursor() (known bool, err error) {
	name := f.config.File + cursorSuffix
	data, err := durable.ReadFile(vfs.OS(), name, maxCursor)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var c cursor
	if err := json.Unmarshal(data, &c); err != nil {
		return false, fmt.Errorf("%s: %w; remove it to have the whole journal written again", name, err)
	}
	if c.Journal != f.cursor.Journal {
		return false, nil // a successor of a damaged journal: from its beginning
	}
	f.cursor = c
	return true, nil
}

// resume looks at what stands behind the cursor: whole lines count, a torn one is cut off. Of a file that we have not
// written everything is somebody else's.
func (f *file) resume(known bool) (lines int, err error) {
	if f.size, err = f.f.Seek(0, io.SeekEnd); err != nil {
		return 0, err
	}
	if !known || f.size < f.cursor.Bytes { // in the second case it was emptied, or moved away, by us or by somebody
		f.cursor.Bytes = f.size
		return 0, f.endLine()
	}
	rest, err := io.ReadAll(io.NewSectionReader(f.f, f.cursor.Bytes, f.size-f.cursor.Bytes))
	if err != nil {
		return 0, err
	}
	whole := bytes.LastIndexByte(rest, '\n') + 1
	f.size = f.cursor.Bytes + int64(whole)
	return bytes.Count(rest[:whole], []byte{'\n'}), f.f.Truncate(f.size)
}

// endLine ends the last line of somebody else's file.
func (f *file) endLine() error {
	if f.size == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := f.f.ReadAt(last, f.size-1); err != nil || last[0] == '\n' {
		return err
	}
	n, err := f.f.Write([]byte{'\n'})
	f.size += int64(n)
	f.cursor.Bytes = f.size
	return err
}

// write writes a line, into a new file if this one is full.
func (f *file) write(line []byte) error {
	if f.size > 0 && f.size+int64(len(line)) > f.config.MaxBytes {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	n, err := f.w.Write(line)
	f.size += int64(n)
	if err != nil {
		return f.broken(err)
	}
	return nil
}

// flush hands everything to the file.
func (f *file) flush() error {
	if err := f.w.Flush(); err != nil {
		return f.broken(err)
	}
	return nil
}

// broken goes back to where the cursor was noted: what is behind that is written again.
func (f *file) broken(cause error) error {
	f.cursor, f.size = f.noted, f.noted.Bytes
	f.w.Reset(f.f)
	return errors.Join(cause, f.f.Truncate(f.size))
}

// moved reports whether somebody has moved the file away or emptied it, as logrotate does.
func (f *file) moved() bool {
	ours, err1 := f.f.Stat()
	named, err2 := os.Stat(f.config.File)
	return err1 != nil || err2 != nil || !os.SameFile(ours, named) || ours.Size() < f.noted.Bytes
}

// note makes the file durable and then the cursor, if that is so long ago and there is something new.
func (f *file) note(every time.Duration) error {
	f.cursor.Bytes = f.size
	if f.cursor == f.noted || time.Since(f.notedAt) < every {
		return nil
	}
	if err := f.flush(); err != nil {
		return err
	}
	if err := f.f.Sync(); err != nil {
		return err
	}
	data, err := json.Marshal(f.cursor)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(vfs.OS(), f.config.File+cursorSuffix, append(data, '\n'), filePerm); err != nil {
		return err
	}
	f.noted, f.notedAt = f.cursor, time.Now()
	return nil
}

// rotate moves the full file away, the older ones before it, and begins a new one. The cursor is noted before and
// after, so that a file with fewer bytes than it knows of is a new one, of which nothing is written yet.
func (f *file) rotate() error {
	if err := f.note(0); err != nil {
		return err
	}
	for n := f.config.Backups - 1; n >= 0; n-- {
		err := os.Rename(f.backup(n), f.backup(n+1))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	next, err := os.OpenFile(f.config.File, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, filePerm)
	if err != nil {
		return err
	}
	old := f.f
	f.f, f.size = next, 0
	f.w.Reset(next)
	return errors.Join(old.Close(), f.note(0))
}

// backup is the name of an older file; 0 is the file itself.
func (f *file) backup(n int) string {
	if n == 0 {
		return f.config.File
	}
	return fmt.Sprintf("%s.%d", f.config.File, n)
}

func (f *file) close() error { return f.f.Close() }
