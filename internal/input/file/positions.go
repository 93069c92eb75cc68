package file

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"constat/internal/durable"
	"constat/internal/vfs"
)

// maxPositions is the length of a file with the positions of a pattern, in octets.
const maxPositions = 64 << 20

// positions is what a file holds that keeps the positions of a pattern, as JSON.
type positions struct {
	Pattern string `json:"pattern"`
	Files   []kept `json:"files"`
}

// kept is a position in the file of a pattern.
type kept struct {
	position
	Octets []byte `json:"octets,omitempty"` // of the path, if it is no UTF-8
	Ended  bool   `json:"ended,omitempty"`  // the file was left with all that stood in it
}

// StateIn is the name of the file that keeps the position of a path, or the positions of a pattern, in a directory.
func StateIn(dir, path string) string {
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(dir, fmt.Sprintf("%x.json", sum[:8]))
}

// loadMany reads the positions of a pattern; known is false if there are none.
func loadMany(fsys vfs.FS, name string) (list []kept, known bool, err error) {
	data, err := durable.ReadFile(fsys, name, maxPositions)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var p positions
	err = json.Unmarshal(data, &p)
	for i := range p.Files {
		k := &p.Files[i]
		if k.Octets != nil {
			k.Path = string(k.Octets)
		}
		if err == nil && (!k.valid() || k.Sum == "" || !filepath.IsAbs(k.Path) || strings.ContainsRune(k.Path, 0)) {
			err = fmt.Errorf("position %d", i)
		}
	}
	if err == nil && p.Pattern == "" {
		err = errors.New("no pattern")
	}
	if err != nil {
		return nil, false, fmt.Errorf("%s are no positions of followed files (%v): remove it, and the files are read from their start", name, err)
	}
	return p.Files, true, nil
}

// save writes the positions down, if it is time to: after a second, and longer the more there are.
func (m *Many) save(now bool) {
	m.mu.Lock()
	n := len(m.live) + len(m.rest)
	if !now && (!m.dirty || time.Since(m.saveAt) < saveEvery+time.Duration(n)*time.Millisecond) {
		m.mu.Unlock()
		return
	}
	p := positions{Pattern: m.config.Path, Files: make([]kept, 0, n)}
	add := func(at position, ended bool) {
		if at.Sum == "" {
			return
		}
		k := kept{position: at, Ended: ended}
		if !utf8.ValidString(at.Path) {
			k.Octets, k.Path = []byte(at.Path), strings.ToValidUTF8(at.Path, "\uFFFD")
		}
		p.Files = append(p.Files, k)
	}
	for _, at := range m.live {
		add(at, false)
	}
	for _, r := range m.rest {
		add(r.position, r.ended)
	}
	m.dirty = false
	m.mu.Unlock()
	m.saveAt = time.Now()
	data, err := json.Marshal(p)
	if err == nil && len(data) >= maxPositions {
		err = fmt.Errorf("positions of %d files take more than %d bytes and are not written down", len(p.Files), maxPositions)
	}
	if err == nil {
		err = durable.WriteFile(m.config.FS, m.config.State, append(data, '\n'), 0o600)
	}
	if err != nil {
		m.report(err)
		m.mu.Lock()
		m.dirty = true
		m.mu.Unlock()
	}
}

// id tells which file the position is of.
func (p position) id() fileID { return fileID{p.Device, p.Inode} }

func idOf(info fs.FileInfo) fileID {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{sys.Dev, sys.Ino}
	}
	return fileID{}
}
