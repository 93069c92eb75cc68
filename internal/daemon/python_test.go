package daemon

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// pythonRunner runs the tests of the client in Python and prints a line for each.
const pythonRunner = `
import sys, unittest

class Result(unittest.TextTestResult):
    def say(self, what, test):
        print(what, test.id(), flush=True)
    def addSuccess(self, test):
        super().addSuccess(test); self.say('passed', test)
    def addFailure(self, test, err):
        super().addFailure(test, err); self.say('failed', test)
    def addError(self, test, err):
        super().addError(test, err); self.say('failed', test)
    def addSkip(self, test, reason):
        super().addSkip(test, reason); self.say('skipped', test)

tests = unittest.defaultTestLoader.discover('tests', top_level_dir='.')
sys.exit(not unittest.TextTestRunner(resultclass=Result).run(tests).wasSuccessful())
`

// TestPythonClient runs the tests of clients/python against this program, each as a test of its own.
func TestPythonClient(t *testing.T) {
	cmd := exec.Command("python3", "-W", "error", "-c", pythonRunner)
	cmd.Dir = "../../clients/python"
	cmd.Env = append(os.Environ(), asProgram+"=1", "CONSTAT_BIN="+os.Args[0], "PYTHONDONTWRITEBYTECODE=1", "GORACE=atexit_sleep_ms=0")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	failed := cmd.Run()
	seen := 0
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		what, name, _ := strings.Cut(lines.Text(), " ")
		seen++
		t.Run(name, func(t *testing.T) {
			switch what {
			case "skipped":
				t.Skip()
			case "failed":
				t.Fail()
			}
		})
	}
	if failed != nil || seen < 20 {
		t.Errorf("%v, %d tests:\n%s", failed, seen, &errs)
	}
}
