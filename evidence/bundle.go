package evidence

import (
	"encoding/binary"
	"errors"
	"fmt"

	"constat/entry"
	"constat/seal"
)

// errBundle says that a file of leaves is not in its form.
var errBundle = errors.New("leaves are not in the form of an entry bundle")

// formatLeaves frames leaves as an entry bundle does (c2sp.org/tlog-tiles): 16 bits length, big-endian, and the leaf.
func formatLeaves(leaves [][]byte) []byte {
	size := 0
	for _, leaf := range leaves {
		size += 2 + len(leaf)
	}
	out := make([]byte, 0, size)
	for _, leaf := range leaves {
		out = binary.BigEndian.AppendUint16(out, uint16(len(leaf)))
		out = append(out, leaf...)
	}
	return out
}

// parseLeaves is the inverse of formatLeaves.
func parseLeaves(data []byte) ([][]byte, error) {
	var out [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, errBundle
		}
		n := int(binary.BigEndian.Uint16(data))
		if n < entry.NonceSize || n > len(data)-2 {
			return nil, fmt.Errorf("%w: leaf %d", errBundle, len(out))
		}
		out, data = append(out, data[2:2+n:2+n]), data[2+n:]
	}
	return out, nil
}

// errHashes says that a file of hashes is not a whole number of them.
var errHashes = errors.New("not a whole number of hashes of 32 bytes")

func formatHashes(hashes []seal.Hash) []byte {
	out := make([]byte, 0, len(hashes)*len(seal.Hash{}))
	for i := range hashes {
		out = append(out, hashes[i][:]...)
	}
	return out
}

func parseHashes(data []byte) ([]seal.Hash, error) {
	const size = len(seal.Hash{})
	if len(data)%size != 0 {
		return nil, errHashes
	}
	out := make([]seal.Hash, len(data)/size)
	for i := range out {
		copy(out[i][:], data[i*size:])
	}
	return out, nil
}
