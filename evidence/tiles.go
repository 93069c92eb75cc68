package evidence

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"constat/seal"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxBundle is the length of the longest entry bundle.
const maxBundle = seal.BlockSize * (2 + 65535)

// tileCheck recomputes the tiles of one log from its entries.
type tileCheck struct {
	fsys   fs.FS
	report *Report
	size   uint64
	fold   fold
	levels []tileLevel // of tiles
}

// tileLevel is the tile that is being filled at one level.
type tileLevel struct {
	n    uint64 // number of the tile
	data []byte
}

// VerifyTiles checks a log that was exported as static tlog-tiles (c2sp.org/tlog-tiles): every entry, every tile and
// the root in the checkpoint. vkey is the verifier key that must have signed the checkpoint; without it nobody says
// whose log it is.
func VerifyTiles(fsys fs.FS, vkey string) *Report {
	v := &verifier{report: &Report{Question: "*"}}
	c := tileCheck{fsys: fsys, report: v.report}
	signed, err := c.read("checkpoint", seal.MaxCheckpoint)
	if err != nil {
		v.report.find("format", "checkpoint", "", err.Error())
		return v.end(Unreadable)
	}
	point, err := openTiles(signed, vkey)
	switch {
	case errors.Is(err, errVKey):
		v.report.find("format", "", "", err.Error())
		return v.end(Unreadable)
	case err != nil:
		v.report.find("integrity", "checkpoint", "", err.Error())
		return v.end(Verified)
	case vkey == "":
		v.below = append(v.below, "signed by nobody that you named")
		v.report.check("trust", Open, "no key was given; name it with --vkey KEY")
	default:
		v.report.check("trust", Proved, "the checkpoint is signed by the key that was given")
	}
	c.size = point.Size
	if err := c.run(point.Root); err != nil {
		v.report.find("integrity", "tile", "", err.Error(), c.fold.size, c.size)
	}
	v.report.Shown, v.report.Origin = point.Size, point.Origin
	v.report.Journals = []JournalReport{{Name: point.Origin, Origin: point.Origin, To: point.Size, Shown: point.Size, Size: point.Size, Root: point.Root.String()}}
	v.report.check("integrity", v.report.status("integrity"), "%d entries lead to root %s", point.Size, point.Root)
	v.report.check("not-after", Unclear, "no witness was asked")
	return v.end(Verified)
}

var errVKey = errors.New("--vkey is not a verifier key")

// openTiles reads the checkpoint, and checks its signature if a key is given.
func openTiles(signed []byte, vkey string) (seal.Checkpoint, error) {
	text, _, ok := bytes.Cut(signed, []byte("\n\n"))
	if !ok {
		return seal.Checkpoint{}, seal.ErrCheckpoint
	}
	if vkey == "" {
		return seal.ParseCheckpoint(string(text) + "\n")
	}
	key, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return seal.Checkpoint{}, fmt.Errorf("%w: %w", errVKey, err)
	}
	n, err := note.Open(signed, note.VerifierList(key))
	if err != nil {
		return seal.Checkpoint{}, fmt.Errorf("%w: %w", seal.ErrCheckpoint, err)
	}
	point, err := seal.ParseCheckpoint(n.Text)
	if err == nil && point.Origin != key.Name() {
		err = fmt.Errorf("%w: origin %q, the key is that of %q", seal.ErrCheckpoint, point.Origin, key.Name())
	}
	return point, err
}

// read reads a file of at most so many bytes.
func (c *tileCheck) read(name string, most int64) ([]byte, error) {
	info, err := fs.Stat(c.fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s: not a file of at most %d bytes", name, most)
	}
	return fs.ReadFile(c.fsys, name)
}

// run reads all entries.
func (c *tileCheck) run(root seal.Hash) error {
	for n := uint64(0); n*seal.BlockSize < c.size; n++ {
		width := min(seal.BlockSize, c.size-n*seal.BlockSize)
		name := "tile/entries/" + tileName(n, width)
		data, err := c.read(name, maxBundle)
		if err != nil {
			return err
		}
		leaves, err := parseLeaves(data)
		if err != nil || uint64(len(leaves)) != width {
			return fmt.Errorf("%s: %d entries, want %d: %w", name, len(leaves), width, errors.Join(err, errBundle))
		}
		for _, leaf := range leaves {
			if err := c.add(0, tlog.RecordHash(leaf)); err != nil {
				return err
			}
		}
	}
	for level := range c.levels {
		if err := c.compare(level); err != nil {
			return err
		}
	}
	if got := c.fold.root(); got != root {
		return fmt.Errorf("the entries lead to root %s, signed is %s", got, root)
	}
	return nil
}

// add adds a hash to the tile at a level, and the root of a full tile to the level above.
func (c *tileCheck) add(level int, h seal.Hash) error {
	if level == len(c.levels) {
		c.levels = append(c.levels, tileLevel{})
	}
	if level == 0 {
		if err := c.fold.add(node{0, c.fold.size}, h); err != nil {
			return err
		}
	}
	t := &c.levels[level]
	t.data = append(t.data, h[:]...)
	if len(t.data) < seal.BlockSize*sha256.Size {
		return nil
	}
	if err := c.compare(level); err != nil {
		return err
	}
	hashes, _ := parseHashes(t.data)
	t.n, t.data = t.n+1, t.data[:0]
	return c.add(level+1, seal.PerfectRoot(hashes))
}

// compare compares a tile with its file.
func (c *tileCheck) compare(level int) error {
	t := &c.levels[level]
	if len(t.data) == 0 {
		return nil
	}
	name := "tile/" + strconv.Itoa(level) + "/" + tileName(t.n, uint64(len(t.data)/sha256.Size))
	data, err := c.read(name, seal.BlockSize*sha256.Size)
	if err == nil && !bytes.Equal(data, t.data) {
		err = fmt.Errorf("%s: not the hashes of its entries", name)
	}
	return err
}

// tileName is the number of a tile as a path, with its width unless it is full.
func tileName(n, width uint64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	if width != seal.BlockSize {
		s += ".p/" + strconv.FormatUint(width, 10)
	}
	return s
}
