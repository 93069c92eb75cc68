package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The tests of the built program, which is built once.
func TestProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts programs")
	}
	module, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{work: t.TempDir(), module: module, progress: t.Logf}
	s.binary = filepath.Join(s.work, "constat")
	if err := s.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]func(*testing.T, string){
		"run": testRun, "tally": testTallyAndMissingPeer, "interrupted": testInterrupted, "archives": testArchivesAgree, "big": testBig,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s.binary)
		})
	}
}

// The whole program, with a small load: every case prints its rows, no message is missing, nothing stays behind.
func testRun(t *testing.T, binary string) {
	dir := t.TempDir()
	var out bytes.Buffer
	o := options{messages: 2000, pairs: 1, only: "import,tcp,tcp-octet,udp,relay,relay-relp", dir: dir, binary: binary}
	if err := o.run(t.Context(), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	checkEmpty(t, dir)
	text := out.String()
	for _, want := range []string{"| CPU |", "### import:", "### tcp:", "### tcp-octet:", "### udp:", "### relay:", "### relay-relp:", "| constat | "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n| constat | "); n != 5 { // one of them is the version
		t.Errorf("%d rows of constat in\n%s", n, text)
	}
}

// No message is lost or counted by constat, and a peer that is missing is said to be.
func testTallyAndMissingPeer(t *testing.T, binary string) {
	s, err := options{messages: 2000, pairs: 1, binary: binary}.suite(t.Context(), t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s.rsyslogd = ""
	c, err := s.tcpCase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.measure(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if one := r.samples[0][0]; one.messages != 2000 || one.lost != 0 || one.counted != 0 || one.cpu <= 0 || one.peak <= 0 || one.bytes <= 0 {
		t.Errorf("%+v", one)
	}
	var out bytes.Buffer
	writeCase(&out, r)
	if n := strings.Count(out.String(), "peer missing: apt-get install rsyslog"); n != 2 {
		t.Errorf("%d rows say that the peer is missing in\n%s", n, &out)
	}
}

// Whoever ends the program in the middle finds no process and no file left.
func testInterrupted(t *testing.T, binary string) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	out := writer(func([]byte) { time.AfterFunc(time.Second/2, cancel) })
	o := options{messages: 1000, pairs: 1, only: "memory", dir: dir, binary: binary} // twenty seconds
	begun := time.Now()
	if err := o.run(ctx, out, io.Discard); err == nil || time.Since(begun) > 18*time.Second {
		t.Errorf("ended after %v with error %v", time.Since(begun), err)
	}
	checkEmpty(t, dir)
	if left := processesIn(t, dir); len(left) > 0 {
		t.Errorf("processes left: %q", left)
	}
}

func TestFlags(t *testing.T) {
	for _, o := range []options{{messages: 10, pairs: 1}, {messages: 1000}, {messages: 1000, pairs: 1, only: "tcp,nothing"}, {messages: 1000, pairs: 1, peers: "grep"}} {
		if err := o.run(t.Context(), io.Discard, io.Discard); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

func checkEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

// processesIn lists the commands of processes that name the directory.
func processesIn(t *testing.T, dir string) (list []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if command, _ := os.ReadFile(f); bytes.Contains(command, []byte(dir+"/")) {
			list = append(list, string(command))
		}
	}
	return list
}
