package tiles

import (
	"path/filepath"
	"sync"
	"time"

	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// holdFor is how long a cosigned checkpoint is served before a newer one that nobody has cosigned yet. While a journal
// grows, the newest one never has a cosignature; without witnesses that answer, nobody is to wait for one.
const holdFor = 2 * time.Minute

// served is the size of the checkpoint that was served last, by journal. It never goes back.
type served struct {
	mu    sync.Mutex
	sizes map[frame.JournalID]uint64 // guarded by mu
}

// note returns the checkpoint to serve: the newest one that was cosigned, if that is recent, or the newest.
func (l *Logs) note(p Published) []byte {
	l.served.mu.Lock()
	defer l.served.mu.Unlock()
	if l.served.sizes == nil {
		l.served.sizes = map[frame.JournalID]uint64{}
	}
	last := l.served.sizes[p.Journal.ID]
	note, size, ok := l.cosigned(p)
	if !ok || size < last {
		note, size = p.Note, p.Size
	}
	l.served.sizes[p.Journal.ID] = max(last, size)
	return note
}

// cosigned returns the newest cosigned checkpoint of a journal, if it is to be served.
func (l *Logs) cosigned(p Published) (note []byte, size uint64, ok bool) {
	data, err := l.read(p.Journal.Name, layout.CosignedFile, layout.MaxCosigned)
	if err != nil {
		return nil, 0, false
	}
	notes, err := seal.SplitNotes(data)
	if err != nil || len(notes) == 0 {
		return nil, 0, false
	}
	c, err := seal.OpenCheckpoint(notes[0], p.Origin, l.reader.Certificate().Identity)
	if err != nil || c.Size > p.Size || c.Size == p.Size && c.Root != p.Root {
		return nil, 0, false
	}
	if c.Size < p.Size {
		info, err := l.fsys.Stat(filepath.Join(l.reader.Dir(), p.Journal.Name, layout.CosignedFile))
		if err != nil || time.Since(info.ModTime()) > holdFor {
			return nil, 0, false
		}
	}
	return notes[0], c.Size, true
}
