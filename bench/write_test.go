package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"constat/bench/events"
)

func TestWrite(t *testing.T) {
	m := maker{file: "-", format: "rfc5424", Options: events.Options{Seed: 1, Mark: "needle"}, markAt: 99}
	var out bytes.Buffer
	if err := m.write(100, &out); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 100 || !strings.HasSuffix(out.String(), " needle\n") {
		t.Errorf("%v, %d octets", err, out.Len())
	}
	m.file = filepath.Join(t.TempDir(), "events.log")
	if err := m.write(100, nil); err != nil {
		t.Fatal(err)
	}
	if n, err := countLines(m.file); n != 100 || err != nil {
		t.Error(n, err)
	}
	if err := m.write(100, nil); err == nil {
		t.Error("a file that is there was written over")
	}
	m.format = "xml"
	if err := m.write(100, nil); err == nil || !strings.Contains(err.Error(), "-format") {
		t.Error(err)
	}
}
