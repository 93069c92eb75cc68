package conformance

import (
	"fmt"
	"testing"
)

// report says how many cases ran, also without -v, and fails on none unless all were skipped for one known reason.
func report(t *testing.T, kind, name string, ran, skipped int) {
	t.Helper()
	fmt.Printf("conformance: %s against %s: %d cases ran, %d skipped\n", kind, name, ran, skipped)
	if ran+skipped == 0 {
		t.Errorf("%s against %s: no case ran", kind, name)
	}
}
