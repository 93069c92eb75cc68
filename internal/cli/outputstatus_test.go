package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"constat/internal/forward"
)

// TestOutputStatus: a certificate that has expired is not valid for some days.
func TestOutputStatus(t *testing.T) {
	store := filepath.Join(t.TempDir(), "s")
	run := func(args ...string) string {
		var out, errs bytes.Buffer
		if status := Run(t.Context(), append(args, "--store", store), strings.NewReader(""), &out, &errs, nil); status != 0 {
			t.Fatal(args, status, errs.String())
		}
		return out.String()
	}
	run("log", "hello")
	if err := os.Mkdir(forward.LedgerDir(store), 0o750); err != nil {
		t.Fatal(err)
	}
	for days, want := range map[string]string{"-1": "our certificate has expired", "3": "our certificate is valid for 3 days"} {
		text := `{"format": 0, "outputs": {"central": {"places": {}, "state": "up", "cert_days_left": ` + days + "}}}"
		if err := os.WriteFile(filepath.Join(forward.LedgerDir(store), forward.LedgerFile), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if said := run("status"); !strings.Contains(said, want) || !strings.Contains(said, "no daemon runs") {
			t.Errorf("%s: %s", days, said)
		}
		if said := run("status", "-o", "json"); !strings.Contains(said, `"state": "stopped"`) && !strings.Contains(said, `"state":"stopped"`) {
			t.Errorf("no daemon runs: %s", said)
		}
	}
}
