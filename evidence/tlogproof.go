package evidence

import (
	"bytes"
	"fmt"

	"constat/seal"

	"golang.org/x/mod/sumdb/tlog"
)

// singles is the number of entries, the first ones, that get files of their own: the leaf and a c2sp.org/tlog-proof,
// which programs of others can check.
const singles = 64

// single is an entry that gets files of its own.
type single struct {
	tree  *tree
	index uint64
	leaf  []byte
}

// firstSingles returns the entries that get files of their own.
func firstSingles(trees []*tree) []single {
	var list []single
	for _, t := range trees {
		t.each(func(index uint64, leaf []byte) error {
			if len(list) == singles {
				return errShort // any error ends it
			}
			list = append(list, single{t, index, leaf})
			return nil
		})
	}
	return list
}

// asks notes the stored hashes that somebody asks for.
type asks struct{ nodes []node }

func (a *asks) ReadHashes(indexes []int64) ([]seal.Hash, error) {
	for _, i := range indexes {
		level, n := tlog.SplitStoredHashIndex(i)
		a.nodes = append(a.nodes, node{level, uint64(n)})
	}
	return make([]seal.Hash, len(indexes)), nil
}

// want notes which nodes the proof of a single entry needs.
func (s single) want() {
	var a asks
	_, _ = tlog.ProveRecord(int64(s.tree.size), int64(s.index), &a) // the hashes are known after the fold
	if s.tree.nodes == nil {
		s.tree.nodes = map[node]seal.Hash{}
	}
	for _, x := range a.nodes {
		s.tree.nodes[x] = seal.Hash{}
	}
}

// ReadHashes implements [tlog.HashReader] with the nodes that were wanted.
func (t *tree) ReadHashes(indexes []int64) ([]seal.Hash, error) {
	out := make([]seal.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		out[i] = t.nodes[node{level, uint64(n)}]
	}
	return out, nil
}

// proof is the tlog-proof of a single entry, with the checkpoint as it is signed.
func (s single) proof(signed []byte) ([]byte, error) {
	path, err := tlog.ProveRecord(int64(s.tree.size), int64(s.index), s.tree)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "c2sp.org/tlog-proof@v1\nindex %d\n", s.index)
	for _, h := range path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(signed)
	return b.Bytes(), nil
}

// files are the leaf and the proof.
func (s single) files(signed []byte) ([]file, error) {
	name := fmt.Sprintf("%s%s-%d", entryPrefix, s.tree.name, s.index)
	text, err := s.proof(signed)
	return []file{{name + leafSuffix, s.leaf}, {name + proofSuffix, text}}, err
}
