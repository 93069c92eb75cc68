package daemon

import (
	"testing"
	"time"
)

// TestWholeDays: what has expired some hours ago is not valid for 0 days.
func TestWholeDays(t *testing.T) {
	for d, want := range map[time.Duration]int{-time.Hour: -1, -25 * time.Hour: -2, time.Hour: 0, 25 * time.Hour: 1} {
		if got := wholeDays(d); got != want {
			t.Errorf("%v: %d, want %d", d, got, want)
		}
	}
}
