package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// libraryCase is the benchmark of the journal package, on one core. The peer is what SHA-256 alone would allow.
func (s *suite) libraryCase(ctx context.Context) (benchCase, error) {
	test := filepath.Join(s.work, "journal.test")
	if _, err := run(ctx, s.work, "go", "test", "-C", s.module, "-c", "-o", test, "./journal"); err != nil {
		return benchCase{}, err
	}
	appending := func(ctx context.Context, dir string) (sample, error) { return s.appending(ctx, dir, test) }
	return benchCase{name: "library", title: "append to a journal: batches of 4096, hashed, compressed, synced; GOMAXPROCS=1",
		contenders: []contender{{name: "constat/journal", run: appending}, {name: "SHA-256 of leaf and tree alone", run: s.hash}}}, nil
}

func (s *suite) appending(ctx context.Context, dir, test string) (one sample, err error) {
	p, err := run(ctx, dir, "env", "GOMAXPROCS=1", "TMPDIR="+dir, test,
		"-test.run", "^$", "-test.bench", "^BenchmarkAppend$", "-test.benchtime", strconv.Itoa(s.messages)+"x")
	if err != nil {
		return one, err
	}
	out, err := os.ReadFile(p.log)
	if err != nil {
		return one, err
	}
	rate, err := parseRate(string(out))
	if err != nil {
		return one, err
	}
	elapsed := time.Duration(float64(s.messages) / rate * 1e9)
	return sample{messages: s.messages, elapsed: elapsed, cpu: p.cpu(), limit: "one core"}, nil
}

// parseRate finds the figure with the unit entries/s in what a benchmark prints.
func parseRate(out string) (float64, error) {
	fields := strings.Fields(out)
	for i, f := range fields {
		if f == "entries/s" && i > 0 {
			return strconv.ParseFloat(fields[i-1], 64)
		}
	}
	return 0, fmt.Errorf("no entries/s in %q", out)
}

// hash makes leaf hashes of 200 octets, and for each the one inner node that it costs.
func (s *suite) hash(context.Context, string) (sample, error) {
	var leaf [1 + 200]byte
	var node [1 + 2*sha256.Size]byte
	begun := time.Now()
	for range s.messages {
		sum := sha256.Sum256(leaf[:])
		copy(node[1:], sum[:])
		sum = sha256.Sum256(node[:])
		copy(leaf[1:], sum[:])
	}
	elapsed := time.Since(begun)
	return sample{messages: s.messages, elapsed: elapsed, cpu: elapsed, limit: "one core"}, nil
}
