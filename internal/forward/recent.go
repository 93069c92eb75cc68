package forward

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"constat/internal/durable"
	"constat/internal/vfs"
)

// recentFiles are beside the ledger. They hold, in turn, what was noted since that was made durable, and are not synced:
// they outlive the process, and need not outlive the machine. Each says which ledger it goes on from: with another one, also
// one that people have changed, it says nothing. One that is torn says nothing either; then the other is as good as new.
var recentFiles = [2]string{"recent-0", "recent-1"}

// recentMagic begins a recent file, and has the number of its form.
const recentMagic = "recent0"

// recent is what stands in a recent file.
type recent struct {
	base    string // digest of the ledger
	number  uint64 // of the recent files of that ledger
	outputs map[string]Noted
}

// digest is that of a ledger, and of a recent file: 32 hex digits.
func digest(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// append appends the file (FORMAT.md §24).
func (r recent) append(dst []byte) ([]byte, error) {
	body, err := json.Marshal(ledgerFile{Outputs: r.outputs})
	if err != nil {
		return dst, err
	}
	head := fmt.Appendf(nil, "%s %s %d %d ", recentMagic, r.base, r.number, len(body))
	dst = append(dst, head...)
	dst = append(append(dst, digest(head, body)...), '\n')
	return append(dst, body...), nil
}

// parseRecent reads the file. What stands behind the body was left by a longer one. False: it is torn.
func parseRecent(data []byte) (r recent, ok bool) {
	line, _, found := bytes.Cut(data[:min(len(data), 256)], []byte{'\n'})
	words := bytes.Split(line, []byte{' '})
	if !found || len(words) != 5 || string(words[0]) != recentMagic {
		return r, false
	}
	rest := data[len(line)+1:]
	number, err1 := strconv.ParseUint(string(words[2]), 10, 64)
	length, err2 := strconv.ParseUint(string(words[3]), 10, 32)
	if err1 != nil || err2 != nil || length > uint64(len(rest)) {
		return r, false
	}
	body, head := rest[:length], line[:len(line)-len(words[4])]
	if digest(head, body) != string(words[4]) {
		return r, false
	}
	var f ledgerFile
	if json.Unmarshal(body, &f) != nil || f.Outputs == nil {
		return r, false
	}
	return recent{string(words[1]), number, f.Outputs}, true
}

// readRecent returns the newest of the recent files that goes on from a ledger.
func readRecent(fsys vfs.FS, dir, base string) (newest recent, found bool) {
	for _, name := range recentFiles {
		data, err := durable.ReadFile(fsys, filepath.Join(dir, name), maxLedger)
		if err != nil {
			continue // as if it were torn
		}
		if r, ok := parseRecent(data); ok && r.base == base && (!found || r.number > newest.number) {
			newest, found = r, true
		}
	}
	return newest, found
}

// keep writes what is noted so that the end of the process does not lose it.
func (l *Ledger) keep() error {
	l.mu.Lock()
	if !l.dirty || l.base == "" {
		l.mu.Unlock()
		return nil
	}
	data, err := recent{l.base, l.number, l.outputs}.append(nil)
	name := filepath.Join(filepath.Dir(l.name), recentFiles[l.number%2])
	l.number++
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return overwrite(l.fsys, name, data)
}

// overwrite writes a file in place, not synced. One that cannot be opened, as that of another user, is made anew.
func overwrite(fsys vfs.FS, name string, data []byte) error {
	f, err := fsys.OpenWrite(name)
	if err != nil {
		if err = durable.Remove(fsys, name); err == nil || errors.Is(err, fs.ErrNotExist) {
			f, err = durable.Create(fsys, name, 0o640)
		}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	return errors.Join(err, f.Close())
}
