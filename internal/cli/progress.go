package cli

import (
	"fmt"
	"io"
	"time"
)

// progress shows how far long work is: a line that is overwritten on a terminal, nothing elsewhere.
type progress struct {
	w    io.Writer
	on   bool
	last time.Time
}

const progressEvery = 200 * time.Millisecond

func newProgress(w io.Writer, on bool) *progress { return &progress{w: w, on: on, last: time.Now()} }

func (p *progress) show(format string, args ...any) {
	if p.on && time.Since(p.last) > progressEvery {
		p.last = time.Now()
		fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
	}
}

func (p *progress) clear() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
