// Command torchlog is a log made with torchwood that has a witness cosign it as it grows, and offers it what no witness may
// cosign. It prints a line for each answer and fails at the first that is not the one that C2SP tlog-witness wants.
//
//	torchlog URL WITNESS-VKEY LOG-SKEY
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: torchlog URL WITNESS-VKEY LOG-SKEY")
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal("torchlog: ", err)
	}
}

// hashes is a tree in memory, as tlog stores it.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(h)) {
			return nil, errors.New("no such hash")
		}
		out[i] = h[x]
	}
	return out, nil
}

// tree makes a tree of so many entries; those from fork on are others.
func tree(size, fork int64) (hashes, error) {
	var h hashes
	for n := range size {
		text := fmt.Sprintf("entry %d", n)
		if n >= fork {
			text = "forked " + text
		}
		more, err := tlog.StoredHashes(n, []byte(text), h)
		if err != nil {
			return nil, err
		}
		h = append(h, more...)
	}
	return h, nil
}

// peer is a log and its witness.
type peer struct {
	url    string
	origin string
	signer note.Signer
	policy torchwood.Policy
}

const whole = 1 << 40 // no entry is forked

// offer is something to be cosigned.
type offer struct {
	name      string
	old, size int64
	fork      int64                         // from that entry on it is another log
	change    func(*torchwood.Checkpoint)   // nil: nothing
	proof     func([]tlog.Hash) []tlog.Hash // the same
	signer    note.Signer                   // nil: that of the log
	status    int                           // that is wanted
	body      string                        // that is wanted of a refusal; empty: whatever
}

func run(url, witness, skey string) error {
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	verifier, err := torchwood.NewVerifierFromSigner(skey)
	if err != nil {
		return err
	}
	w, err := torchwood.NewCosignatureVerifier(witness)
	if err != nil {
		return err
	}
	p := peer{url, signer.Name(), signer, torchwood.ThresholdPolicy(3, torchwood.OriginPolicy(signer.Name()),
		torchwood.SingleVerifierPolicy(verifier), torchwood.SingleVerifierPolicy(w))}
	otherKey, _, err := note.GenerateKey(nil, signer.Name())
	if err != nil {
		return err
	}
	other, err := note.NewSigner(otherKey)
	if err != nil {
		return err
	}
	extended := func(c *torchwood.Checkpoint) { c.Extension = "an extension line\nand another\n" }
	cut := func(h []tlog.Hash) []tlog.Hash { return h[:len(h)-1] }
	for _, o := range []offer{
		{name: "the first", old: 0, size: 1, status: 200},
		{name: "a block", old: 1, size: 256, status: 200},
		{name: "one more", old: 256, size: 257, status: 200},
		{name: "the same again", old: 257, size: 257, status: 200},
		{name: "with extension lines", old: 257, size: 1000, change: extended, status: 200},
		{name: "from what is no longer the newest", old: 257, size: 1100, status: 409, body: "1000\n"},
		{name: "back", old: 1000, size: 900, status: 400},
		{name: "back, as if it were the newest", old: 900, size: 900, status: 409, body: "1000\n"},
		{name: "a fork", old: 1000, size: 1100, fork: 700, status: 422},
		{name: "a fork of the same size", old: 1000, size: 1000, fork: 700, status: 409, body: "1000\n"},
		{name: "without a hash of the proof", old: 1000, size: 1100, proof: cut, status: 422},
		{name: "with a hash too many", old: 1000, size: 1100, proof: func(h []tlog.Hash) []tlog.Hash { return append(h, tlog.Hash{}) }, status: 422},
		{name: "signed by another key", old: 1000, size: 1100, signer: other, status: 403},
		{name: "of another origin", old: 0, size: 1, change: func(c *torchwood.Checkpoint) { c.Origin = "nobody.example/log" }, status: 404},
		{name: "the true log, after all that", old: 1000, size: 1100, status: 200},
	} {
		if err := p.make(o); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		fmt.Printf("%d %s\n", o.status, o.name)
	}
	return p.seen(1100)
}

// make offers something and looks at the answer.
func (p *peer) make(o offer) error {
	if o.fork == 0 {
		o.fork = whole
	}
	h, err := tree(o.size, o.fork)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(o.size, h)
	if err != nil {
		return err
	}
	var proof []tlog.Hash
	if o.old > 0 && o.old < o.size {
		if proof, err = tlog.ProveTree(o.size, o.old, h); err != nil {
			return err
		}
	}
	if o.proof != nil {
		proof = o.proof(proof)
	}
	c := torchwood.Checkpoint{Origin: p.origin, Tree: tlog.Tree{N: o.size, Hash: root}}
	if o.change != nil {
		o.change(&c)
	}
	signer := p.signer
	if o.signer != nil {
		signer = o.signer
	}
	signed, err := note.Sign(&note.Note{Text: c.String()}, signer)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", o.old)
	for _, x := range proof {
		fmt.Fprintln(&b, base64.StdEncoding.EncodeToString(x[:]))
	}
	b.WriteByte('\n')
	b.Write(signed)
	status, kind, answer, err := ask(http.Post(p.url+"/add-checkpoint", "text/plain", &b))
	switch {
	case err != nil:
		return err
	case status != o.status || o.body != "" && (answer != o.body || kind != "text/x.tlog.size"):
		return fmt.Errorf("status %d, %s, %q; want %d %q", status, kind, answer, o.status, o.body)
	case status != http.StatusOK:
		return nil
	}
	return p.holds(append(signed, answer...), c)
}

// holds wants a cosigned checkpoint to satisfy the policy.
func (p *peer) holds(cosigned []byte, want torchwood.Checkpoint) error {
	c, n, err := torchwood.VerifyCheckpoint(cosigned, p.policy)
	if err != nil {
		return err
	}
	if c != want {
		return fmt.Errorf("cosigned is %v, want %v", c, want)
	}
	for _, sig := range n.Sigs {
		if sig.Name == p.origin {
			continue
		}
		if at, err := torchwood.CosignatureTimestamp(sig); err != nil || at == 0 {
			return fmt.Errorf("time of the cosignature: %d, %v", at, err)
		}
	}
	return nil
}

// seen asks the witness for what it has seen of the log.
func (p *peer) seen(size int64) error {
	status, _, answer, err := ask(http.Get(fmt.Sprintf("%s/%x/checkpoint", p.url, sha256.Sum256([]byte(p.origin)))))
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("what it has seen: status %d, %v", status, err)
	}
	text, _, _ := strings.Cut(answer, "\n\n")
	c, err := torchwood.ParseCheckpoint(text + "\n")
	if err != nil || c.N != size {
		return fmt.Errorf("what it has seen: %d entries, want %d, %v", c.N, size, err)
	}
	return p.holds([]byte(answer), c)
}

func ask(r *http.Response, err error) (status int, kind, answer string, _ error) {
	if err != nil {
		return 0, "", "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	return r.StatusCode, r.Header.Get("Content-Type"), string(body), err
}
