package main

import (
	"fmt"
	"strings"
	"testing"
)

// ev makes one event as go test -json prints it.
func ev(action, test, output string) string {
	return fmt.Sprintf("{\"Action\":%q,\"Package\":\"p\",\"Test\":%q,\"Output\":%q}\n", action, test, output)
}

func TestTestcount(t *testing.T) {
	good := ev("start", "", "") + ev("run", "TestA", "") + ev("run", "TestA/sub", "") +
		ev("pass", "TestA/sub", "") + ev("pass", "TestA", "") + ev("pass", "", "")
	for _, c := range []struct {
		name   string
		in     string
		status int
		noskip bool
		line   string
		err    string // "" for a good run
		says   string
	}{
		{"good", good, 0, true, "2 passed, 0 failed, 0 skipped", "", ""},
		{"good without an end of line", strings.TrimSuffix(good, "\n"), 0, true, "2 passed, 0 failed, 0 skipped", "", ""},
		{"nothing", "", 0, false, "0 passed, 0 failed, 0 skipped", "nothing was tested", ""},
		{"exit code", good + "boom\n", 2, false, "2 passed, 0 failed, 0 skipped", "exit code 2", "boom"},
		{"failed", ev("run", "TestA", "") + ev("output", "TestA", "=== RUN TestA\n") + ev("output", "TestA", "wr") + ev("output", "TestA", "ong\n") + ev("fail", "TestA", "") + ev("fail", "", ""),
			1, false, "0 passed, 1 failed, 0 skipped", "1 failed", "FAILED p TestA\n  wrong\n"},
		{"subtest failed", ev("output", "TestA", "--- FAIL: TestA\n") + ev("output", "TestA/x", "wrong\n") + ev("fail", "TestA/x", "") + ev("fail", "TestA", "") + ev("fail", "", ""),
			1, false, "0 passed, 2 failed, 0 skipped", "2 failed", "FAILED p TestA/x\n  wrong\n"},
		{"did not end", ev("run", "TestA", "") + ev("output", "TestA", "panic: x\n") + ev("fail", "", ""), 1, false,
			"0 passed, 1 failed, 0 skipped", "1 failed", "FAILED p TestA\n  panic: x\n  (began and did not end)\n"},
		{"did not build", `{"Action":"build-output","ImportPath":"p","Output":"a.go:1: no\n"}` + "\n" + ev("fail", "", ""), 1, false,
			"0 passed, 1 failed, 0 skipped", "1 failed", "a.go:1: no"},
		{"skipped", good + ev("output", "TestS", "why\n") + ev("skip", "TestS", ""), 0, false, "2 passed, 0 failed, 1 skipped", "", "SKIPPED p TestS\n  why\n"},
		{"skipped in CI", good + ev("skip", "TestS", ""), 0, true, "2 passed, 0 failed, 1 skipped", "1 skipped", "SKIPPED p TestS\n"},
		{"package without tests", good + ev("skip", "", ""), 0, true, "2 passed, 0 failed, 0 skipped", "", ""},
		{"long output", ev("output", "TestA", strings.Repeat("x\n", 200)) + ev("fail", "TestA", ""), 1, false,
			"0 passed, 1 failed, 0 skipped", "1 failed", "[100 lines left out]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := read(strings.NewReader(c.in))
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			err = s.print(&out, c.noskip, c.status)
			if (c.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if s.line() != c.line {
				t.Errorf("line %q, want %q", s.line(), c.line)
			}
			if !strings.Contains(out.String(), c.says) {
				t.Errorf("report %q, want %q in it", out.String(), c.says)
			}
		})
	}
}
