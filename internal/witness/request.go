package witness

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"constat/seal"
)

// Paths below the submission prefix, and content types (c2sp.org/tlog-witness).
const (
	addPath  = "/add-checkpoint"
	sizeType = "text/x.tlog.size"
	textType = "text/plain; charset=utf-8"
)

// maxRequest bounds what is read of a request in bytes: 63 hashes, and a checkpoint with some twenty signatures.
const maxRequest = 64 << 10

// request is the body of add-checkpoint.
type request struct {
	old        uint64
	proof      []seal.Hash
	checkpoint []byte // a signed note
}

var errRequest = errors.New("want a line \"old SIZE\", a proof of at most 63 hashes, an empty line, and a checkpoint")

// format prints a request.
func (r request) format() []byte {
	b := fmt.Appendf(nil, "old %d\n", r.old)
	for _, h := range r.proof {
		b = append(b, h.String()+"\n"...)
	}
	return append(append(b, '\n'), r.checkpoint...)
}

// parseRequest reads a request. What is behind the empty line is not looked at.
func parseRequest(data []byte) (r request, err error) {
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) > 1+seal.MaxProof {
		return r, errRequest
	}
	r.checkpoint = checkpoint
	text, ok := strings.CutPrefix(lines[0], "old ")
	if r.old, err = parseSize(text); !ok || err != nil {
		return r, errRequest
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != len(seal.Hash{}) || seal.Hash(h).String() != line {
			return r, errRequest
		}
		r.proof = append(r.proof, seal.Hash(h))
	}
	return r, nil
}

// parseSize reads a size in decimal, without leading zeros.
func parseSize(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, fmt.Errorf("size %.30q", text)
	}
	return n, nil
}
