package conformance

import (
	"fmt"
	"testing"
)

// report says how many cases ran, also without -v, and fails on none unless none is for the target.
func report(t *testing.T, kind, name string, ran, others int) {
	t.Helper()
	fmt.Printf("conformance: %s against %s: %d cases ran, %d are not for it\n", kind, name, ran, others)
	if ran+others == 0 || name == "daemon" && others > 0 {
		t.Errorf("%s against %s: no case ran", kind, name)
	}
}
