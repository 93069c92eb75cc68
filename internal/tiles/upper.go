package tiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// upper returns a tile of level 1 or above.
func (l *Logs) upper(ctx context.Context, p Published, path Path) ([]byte, error) {
	if err := l.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer l.gate.leave()
	t, err := l.openTree(p)
	if err != nil {
		return nil, err
	}
	defer t.close()
	hashes, err := t.nodes(ctx, int(path.Level), path.first(), uint64(path.Width))
	if err != nil {
		return nil, err
	}
	return join(hashes), nil
}

func join(hashes []seal.Hash) []byte {
	out := make([]byte, 0, len(hashes)*hashSize)
	for i := range hashes {
		out = append(out, hashes[i][:]...)
	}
	return out
}

// tree reads the hashes of blocks of a journal, and what is above them.
type tree struct {
	view *journal.View
	file vfs.File
}

func (l *Logs) openTree(p Published) (*tree, error) {
	v, err := l.view(p)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(l.reader.Dir(), p.Journal.Name, layout.TreeFile)
	f, err := l.fsys.Open(name)
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	t := &tree{view: v, file: f}
	if err := t.check(); err != nil {
		t.close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// check compares the header of the tree file with the journal: another one may have taken its place.
func (t *tree) check() error {
	var b [frame.HeadHeaderSize]byte
	n, err := t.file.ReadAt(b[:], 0)
	if n < len(b) && !errors.Is(err, io.EOF) {
		return err
	}
	h, err := frame.ParseFileHeader(b[:n], frame.Tree)
	if err == nil && h.Journal != t.view.Journal.ID {
		err = errReplaced
	}
	return err
}

func (t *tree) close() {
	t.file.Close()
	t.view.Close()
}

// nodes returns n hashes of tree level 8·level, at least 1, from number first on. The view must have all entries below.
func (t *tree) nodes(ctx context.Context, level int, first, n uint64) ([]seal.Hash, error) {
	if level == 1 {
		return t.blocks(ctx, first, n)
	}
	out := make([]seal.Hash, n)
	for i := range n {
		below, err := t.nodes(ctx, level-1, (first+i)*Full, Full)
		if err != nil {
			return nil, err
		}
		out[i] = seal.BlockHash(below)
	}
	return out, nil
}

// blocks returns the hashes of full blocks: from the file in one go, and from the entries where it does not reach.
func (t *tree) blocks(ctx context.Context, first, n uint64) ([]seal.Hash, error) {
	buf := make([]byte, n*uint64(hashSize))
	got, err := t.file.ReadAt(buf, frame.HeadHeaderSize+int64(first)*int64(hashSize))
	if got < len(buf) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	out := make([]seal.Hash, n)
	for i := range out {
		if at := i * hashSize; at+hashSize <= got {
			out[i] = seal.Hash(buf[at : at+hashSize])
		} else if out[i], err = t.view.Block(first + uint64(i)); err != nil {
			return nil, err
		}
	}
	return out, ctx.Err()
}
