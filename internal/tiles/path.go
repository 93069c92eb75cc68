package tiles

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"constat/seal"
)

// Kind is what a path names.
type Kind uint8

// The kinds of resources.
const (
	Checkpoint Kind = iota // the signed checkpoint
	Hashes                 // a tile of hashes
	Bundle                 // a tile of entries
)

// Full is the width of a full tile: the height of tiles is 8.
const Full = seal.BlockSize

// Limits of a path. Trees have less than 2^63 leaves, so no tile has a number of 2^55 or more.
const (
	maxLevel  = 63
	maxNumber = 1<<55 - 1
	maxPath   = 64 // bytes; the longest is tile/entries/ with 17 digits and a width
)

// Path is the name of a resource below the URL of a log (c2sp.org/tlog-tiles, "Merkle Tree" and "Log Entries").
type Path struct {
	Kind  Kind
	Level uint8  // of a tile of hashes, 0 to 63
	N     uint64 // number of the tile in its level, below 2^55
	Width int    // hashes or entries in it, 1 to [Full]
}

// ErrPath says that a text is not the path of a resource.
var ErrPath = errors.New("not a tlog-tiles path")

// ParsePath is the inverse of [Path.String]. It accepts only what String prints.
func ParsePath(s string) (Path, error) {
	p, ok := parsePath(s)
	if !ok || p.String() != s {
		return Path{}, ErrPath
	}
	return p, nil
}

// parsePath reads a path in any spelling.
func parsePath(s string) (p Path, ok bool) {
	if s == "checkpoint" {
		return Path{}, true
	}
	rest, ok := strings.CutPrefix(s, "tile/")
	if !ok || len(s) > maxPath {
		return p, false
	}
	level, rest, _ := strings.Cut(rest, "/")
	number, width, partial := strings.Cut(rest, ".p/")
	p = Path{Kind: Bundle, Width: Full}
	var errs [3]error
	if level != "entries" {
		p.Kind = Hashes
		p.Level, errs[0] = parseLevel(level)
	}
	if partial {
		p.Width, errs[1] = strconv.Atoi(width)
	}
	p.N, errs[2] = strconv.ParseUint(strings.NewReplacer("x", "", "/", "").Replace(number), 10, 64)
	return p, errors.Join(errs[:]...) == nil && p.valid(partial)
}

func parseLevel(s string) (uint8, error) {
	n, err := strconv.ParseUint(s, 10, 8)
	return uint8(n), err
}

func (p Path) valid(partial bool) bool {
	return p.Level <= maxLevel && p.N <= maxNumber && p.Width >= 1 && (p.Width < Full || !partial)
}

// String prints the one spelling of a path.
func (p Path) String() string {
	if p.Kind == Checkpoint {
		return "checkpoint"
	}
	s := fmt.Sprintf("%03d", p.N%1000)
	for n := p.N / 1000; n > 0; n /= 1000 {
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	if p.Width != Full {
		s += ".p/" + strconv.Itoa(p.Width)
	}
	if p.Kind == Bundle {
		return "tile/entries/" + s
	}
	return "tile/" + strconv.Itoa(int(p.Level)) + "/" + s
}

// Content reports whether the resource holds entries, not only hashes.
func (p Path) Content() bool { return p.Kind == Bundle }

// first is the number of the first node in the tile, at its level.
func (p Path) first() uint64 { return p.N * Full }

// within reports whether a log of that size has the whole tile. A level above the tree has none.
func (p Path) within(size uint64) bool {
	return size>>(8*uint(p.Level)) >= p.first()+uint64(p.Width)
}
