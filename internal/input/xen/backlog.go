package xen

import "time"

// What tells that the buffer of the backend was full. QEMU keeps 1,048,576 octets for a reader that is not there, or does
// not read, and throws away what comes then, but for the newest 2 KiB.
const (
	bufferFull = 1<<20 - 4096
	waitedLong = 100 * time.Millisecond // in the sink: meanwhile the buffer can fill
	burstTime  = 500 * time.Millisecond // of waiting for octets; what takes longer was not there
)

// backlog measures how much was waiting in the channel when reading began, or went on after a long wait.
type backlog struct {
	open   bool
	octets int
	spent  time.Duration // reading them
	full   bool          // the buffer was
	text   bool          // there were text lines in it
}

func (b *backlog) took(n int, reading time.Duration) {
	if !b.open {
		return
	}
	if b.octets > 0 {
		b.spent += reading
	}
	b.octets += n
	b.full = b.full || b.octets >= bufferFull && b.spent < burstTime
}

// over reports whether nothing of the backlog waits any more, for want of time.
func (b *backlog) over() bool { return b.open && b.spent >= burstTime }

// waited is told how long nothing was read.
func (b *backlog) waited(d time.Duration) {
	if d >= waitedLong {
		b.open, b.spent = true, 0
	}
}

// endBacklog is called when nothing waits any more. What is missing of frames their numbers tell.
func (r *reading) endBacklog() {
	if b := r.backlog; b.full && b.text {
		r.note(r.overflowed(b.octets))
	}
	r.backlog = backlog{}
}
