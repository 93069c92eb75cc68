package forward

import (
	"time"

	"constat/entry"
	"constat/internal/output"
)

// Config says what an output gets, and where it goes. Zero values are the defaults.
type Config struct {
	Name    string
	Targets []output.Dialer // the first is preferred; the others stand in for it
	// Journals are read; those that do not exist yet are read once they do.
	Journals []string
	// FromStart begins with the oldest entry of each journal, where no place is noted yet; else with what comes.
	FromStart bool
	// Kinds are the kinds of entries that are sent, by bit; 0: events and losses.
	Kinds uint8
	// Wants reports whether an entry of a journal is sent; nil: all are. It is called by one goroutine at a time.
	Wants func(journal string, e *entry.Entry) bool
	// Render appends the octets of an entry.
	Render func(dst []byte, x *output.Record) []byte
	// Batch is how many messages are sent at once; 0: 1024.
	Batch int
	// Rate is how many messages a second are sent at most; 0: no limit.
	Rate float64
	// Retry is the longest time between two attempts; 0: 30 s.
	Retry time.Duration
	// Return is the time between two attempts to go back to the first target; 0: 30 s.
	Return time.Duration
	// Timeout is how long a target may take to confirm; 0: 60 s.
	Timeout time.Duration
	// Machine are fields that say which machine this is, for messages of the output's own, and entries that are no events.
	Machine []entry.Field
	// CertDays, if set, is how many days our own certificate is valid; less than 0 if it has expired.
	CertDays func() int
	// Lost, if set, is told of messages that are never sent, to make loss entries of it.
	Lost func(source, reason string, messages, octets uint64)
	// Report, if set, is told what goes wrong and when it is over, for people.
	Report func(error)
}

// Defaults.
const (
	defaultBatch   = 1024
	defaultRetry   = 30 * time.Second
	defaultReturn  = 30 * time.Second
	defaultTimeout = 60 * time.Second
	defaultKinds   = 1<<entry.Event | 1<<entry.Loss
	firstRetry     = 100 * time.Millisecond
	grace          = 2 * time.Second // to send what is left when told to end
)

func (c Config) withDefaults() Config {
	if c.Batch <= 0 {
		c.Batch = defaultBatch
	}
	if c.Rate > 0 {
		c.Batch = max(1, min(c.Batch, int(c.Rate/20)))
	}
	if c.Retry <= 0 {
		c.Retry = defaultRetry
	}
	if c.Return <= 0 {
		c.Return = defaultReturn
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Kinds == 0 {
		c.Kinds = defaultKinds
	}
	if c.Lost == nil {
		c.Lost = func(string, string, uint64, uint64) {}
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	return c
}

// Source is the name under which losses of an output are counted.
func Source(output string) string { return "output " + output }
