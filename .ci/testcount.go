// Testcount reads what "go test -json" printed and says it in brief: the
// output of what failed, what was skipped and why, the slowest tests, and a line
// of the form "N passed, N failed, N skipped", subtests included.
//
//	go run .ci/testcount.go -status N [-noskip] [-counts FILE] < OUTPUT
//
// It exits with 1 if a test failed, if none passed, if N, the exit code of go
// test, is not 0, or with -noskip if one was skipped. A test that began and
// did not end counts as failed, and so does a package that failed without a
// failed test (it did not build, or stopped outside its tests).
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// How much of what failed is shown: this many tests or packages in full, and
// of each its first and last lines.
const (
	maxShown = 20
	headLine = 30
	tailLine = 70
)

// event is one line of go test -json (see go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// unit is a test, or with an empty test a package.
type unit struct{ pkg, test string }

func (u unit) String() string { return strings.TrimSpace(u.pkg + " " + u.test) }

type summary struct {
	order   []unit
	output  map[unit][]string
	running map[unit]bool
	seconds map[unit]float64
	passed  int
	failed  []unit
	skipped []unit
	other   []string // lines that are no events, and what the compiler said
}

func main() {
	status := flag.Int("status", 0, "exit code of go test")
	noskip := flag.Bool("noskip", false, "a skipped test is a failure")
	counts := flag.String("counts", "", "write the last line to this file instead")
	flag.Parse()
	s, err := read(os.Stdin)
	if err == nil {
		err = s.print(os.Stdout, *noskip, *status)
	}
	if err != nil {
		fmt.Println("testcount:", err)
	}
	if *counts == "" {
		fmt.Println(s.line())
	} else if e := os.WriteFile(*counts, []byte(s.line()+"\n"), 0o644); e != nil {
		fmt.Println("testcount:", e)
		err = e
	}
	if err != nil {
		os.Exit(1)
	}
}

func read(r io.Reader) (*summary, error) {
	s := &summary{
		output:  make(map[unit][]string),
		running: make(map[unit]bool),
		seconds: make(map[unit]float64),
	}
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				s.add(e)
			} else if !strings.HasPrefix(line, "go: downloading ") {
				s.other = append(s.other, line)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return s, err
		}
	}
	for _, u := range s.order {
		if s.running[u] {
			s.failed = append(s.failed, u)
			s.output[u] = append(s.output[u], "(began and did not end)\n")
		}
	}
	return s, nil
}

func (s *summary) add(e event) {
	u := unit{e.Package, e.Test}
	switch e.Action {
	case "run":
		if !s.running[u] {
			s.order = append(s.order, u)
		}
		s.running[u] = true
		return
	case "output":
		s.output[u] = append(s.output[u], e.Output)
		return
	case "build-output":
		s.other = append(s.other, e.Output)
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	delete(s.running, u)
	s.seconds[u] = e.Elapsed
	switch {
	case e.Action == "fail" && (u.test != "" || !s.blamed(u.pkg)):
		s.failed = append(s.failed, u)
	case u.test == "": // packages pass, and have no tests, without being counted
	case e.Action == "pass":
		s.passed++
	case e.Action == "skip":
		s.skipped = append(s.skipped, u)
	}
}

// blamed tells whether some test of the package explains why it failed.
func (s *summary) blamed(pkg string) bool {
	for _, u := range s.failed {
		if u.pkg == pkg {
			return true
		}
	}
	for u := range s.running {
		if u.pkg == pkg {
			return true
		}
	}
	return false
}

func (s *summary) line() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", s.passed, len(s.failed), len(s.skipped))
}

// print writes the report; an error says why the run was not good.
func (s *summary) print(w io.Writer, noskip bool, status int) error {
	shown := 0
	for _, u := range s.failed {
		lines := tidy(s.output[u])
		if s.parent(u) && len(lines) <= 1 {
			continue // its subtests say it
		}
		fmt.Fprintf(w, "FAILED %s\n", u)
		if shown++; shown <= maxShown {
			show(w, lines)
		}
	}
	for _, u := range s.skipped {
		fmt.Fprintf(w, "SKIPPED %s\n", u)
		show(w, tidy(s.output[u]))
	}
	if len(s.other) > 0 && (status != 0 || len(s.failed) > 0) {
		fmt.Fprintln(w, "What else the command printed:")
		show(w, s.other)
	}
	s.slowest(w)
	switch {
	case len(s.failed) > 0:
		return fmt.Errorf("%d failed", len(s.failed))
	case status != 0:
		return fmt.Errorf("the test command ended with exit code %d", status)
	case s.passed == 0:
		return fmt.Errorf("no test passed: nothing was tested")
	case noskip && len(s.skipped) > 0:
		return fmt.Errorf("%d skipped: in CI everything runs", len(s.skipped))
	}
	return nil
}

// parent tells whether a subtest of u failed.
func (s *summary) parent(u unit) bool {
	return slices.ContainsFunc(s.failed, func(v unit) bool {
		return v.pkg == u.pkg && strings.HasPrefix(v.test, u.test+"/")
	})
}

// slowest lists the tests that a reader waits for.
func (s *summary) slowest(w io.Writer) {
	var slow []unit
	for u, sec := range s.seconds {
		if u.test != "" && sec >= 2 && !strings.Contains(u.test, "/") {
			slow = append(slow, u)
		}
	}
	slices.SortFunc(slow, func(a, b unit) int {
		return cmp.Or(cmp.Compare(s.seconds[b], s.seconds[a]), strings.Compare(a.String(), b.String()))
	})
	for _, u := range slow[:min(5, len(slow))] {
		fmt.Fprintf(w, "slow: %5.1f s  %s\n", s.seconds[u], u)
	}
}

// tidy puts chunks of output together to lines, without the marks of progress.
func tidy(chunks []string) []string {
	var out []string
	for line := range strings.Lines(strings.Join(chunks, "")) {
		if !strings.HasPrefix(line, "=== ") {
			out = append(out, line)
		}
	}
	return out
}

func show(w io.Writer, lines []string) {
	for i, line := range lines {
		switch {
		case i < headLine || i >= len(lines)-tailLine:
			fmt.Fprintf(w, "  %s\n", strings.TrimRight(line, "\n"))
		case i == headLine:
			fmt.Fprintf(w, "  [%d lines left out]\n", len(lines)-headLine-tailLine)
		}
	}
}
