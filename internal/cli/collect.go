package cli

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// quietHeap is how many bytes of memory a command that only reads may have before garbage is collected at all.
const quietHeap = 32 << 20

// collectLate lets a short command run without collecting garbage. From the first collection on, which comes when
// the process has quietHeap bytes, everything is as usual. GOGC in the environment beats it.
func collectLate() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(quietHeap)
	first := new([16]byte) // found unused by the first collection
	runtime.AddCleanup(first, func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, 100)
}
