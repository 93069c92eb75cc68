package cli

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"constat/custody"
	"constat/evidence"
	"constat/seal"

	"golang.org/x/sys/unix"
)

// mediumAnswer says what was found on a medium.
type mediumAnswer struct {
	Dir    string         `json:"dir"`
	Files  int            `json:"files"`
	Proofs []custody.Path `json:"proofs"` // evidence of the same store, verified
}

// maxProof is the size of a file up to which it may be evidence that lies on the medium.
const maxProof = 64 << 20

// maxMedium is how many files of a medium are looked at.
const maxMedium = 10_000_000

// lookAtMedium compares a session with what is below a directory.
func lookAtMedium(dir string, v verification, r *custody.Report) (*mediumAnswer, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("--medium: %w", err)
	}
	defer root.Close() // read only
	w := mediumWalk{root: root}
	if v.Verdict == "verified" || v.Verdict == "below" {
		if code, err := seal.ParseCode(v.Code); err == nil {
			w.code = &code
		}
	}
	if err := w.folder("."); err != nil {
		return nil, fmt.Errorf("--medium %s: %w", dir, err)
	}
	r.OnMedium(w.found)
	answer := &mediumAnswer{Dir: dir, Files: len(w.found), Proofs: []custody.Path{}}
	for _, f := range w.found {
		if f.Proof {
			answer.Proofs = append(answer.Proofs, custody.Path(f.Path))
		}
	}
	return answer, nil
}

// mediumWalk reads every file below a directory and follows no link.
type mediumWalk struct {
	root  *os.Root
	code  *seal.Code // of the store; nil: nothing counts as its evidence
	found []custody.Found
}

// folder reads one directory. One that cannot be read is a finding, but for the first.
func (w *mediumWalk) folder(name string) error {
	d, err := w.root.Open(name)
	if err != nil {
		return err
	}
	names, err := d.ReadDir(-1)
	d.Close() // read only
	if err != nil {
		return err
	}
	slices.SortFunc(names, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range names {
		if len(w.found) == maxMedium {
			return fmt.Errorf("more than %d files", maxMedium)
		}
		w.one(path.Join(name, e.Name()), e)
	}
	return nil
}

func (w *mediumWalk) one(name string, e fs.DirEntry) {
	x := custody.Found{Path: name}
	switch {
	case len(name) > custody.MaxPath:
		x.Not = fmt.Sprintf("its path is longer than %d bytes", custody.MaxPath)
	case e.Type()&fs.ModeSymlink != 0:
		to, err := w.root.Readlink(name)
		if x.Link = to; err != nil || to == "" {
			x.Link = "somewhere that cannot be read"
		}
	case e.IsDir():
		err := w.folder(name)
		if err == nil {
			return
		}
		x.Not = err.Error()
	case !e.Type().IsRegular():
		x.Not = "it is no file but a device, socket or pipe"
	default:
		if err := w.read(&x); err != nil {
			x.Not = err.Error()
		}
	}
	w.found = append(w.found, x)
}

// read hashes a file, and looks whether it is evidence of the store.
func (w *mediumWalk) read(x *custody.Found) error {
	f, err := w.root.OpenFile(x.Path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close() // read only
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is no file any more")
	}
	var kept bytes.Buffer
	h := sha256.New()
	to := io.Writer(h)
	if w.mayBeProof(x.Path, info.Size()) {
		to = io.MultiWriter(h, &kept)
	}
	if x.Size, err = io.Copy(to, io.LimitReader(f, info.Size()+1)); err != nil {
		return err
	}
	if x.Size != info.Size() {
		return fmt.Errorf("it changes while it is read")
	}
	h.Sum(x.SHA256[:0])
	x.Proof = kept.Len() > 0 && w.isProof(kept.Bytes())
	return nil
}

func (w *mediumWalk) mayBeProof(name string, size int64) bool {
	return w.code != nil && size <= maxProof && (strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".evidence.zip"))
}

// isProof reports whether bytes are evidence of the store whose files stand in its journal.
func (w *mediumWalk) isProof(data []byte) bool {
	r := evidence.Verify(data, evidence.Options{Code: w.code, PinnedBy: "the journal"})
	if r.Verdict != evidence.Verified {
		return false
	}
	return slices.ContainsFunc(r.Checks, func(c evidence.Check) bool { return c.Code == "logged" && c.Status == evidence.Proved })
}
