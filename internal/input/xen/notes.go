package xen

import (
	"fmt"
	"strconv"

	"constat/entry"
	"constat/internal/input"
)

// Fields of notes: what has happened, and of a loss which run and which of its numbers.
const (
	Happened  = "_XEN_EVENT" // connected, disconnected, unreachable, resumed
	LossRun   = "LOSS_RUN"
	LossFirst = "LOSS_FIRST" // decimal
	LossLast  = "LOSS_LAST"  // decimal
)

// note makes a note with a text for people, and its level.
func note(level, text string, fields ...entry.Field) *input.Note {
	head := []entry.Field{observed("MESSAGE", text), observed("PRIORITY", level), observed("SYSLOG_IDENTIFIER", "constat")}
	return &input.Note{Fields: append(head, fields...)}
}

func (d *domain) connected() *input.Note {
	return note("6", "log channel of domain "+d.name+" connected", observed(Happened, "connected"),
		observed("_XEN_INODE", strconv.FormatUint(inodeOf(d.path), 10)))
}

func (d *domain) unreachable(cause string) *input.Note {
	return note("4", fmt.Sprintf("%s of domain %s cannot be read: %s: %s", d.what, d.name, d.path, cause), observed(Happened, "unreachable"))
}

// disconnected says how a connection went.
func (r *reading) disconnected() *input.Note {
	n := note("6", fmt.Sprintf("log channel of domain %s disconnected after %d bytes: %d lines, %d frames, %d torn frames",
		r.name, r.total, r.counts.lines, r.counts.frames, r.counts.torn), observed(Happened, "disconnected"))
	for _, c := range []struct {
		name string
		n    uint64
	}{{"_XEN_OCTETS", r.total}, {"_XEN_LINES", r.counts.lines}, {"_XEN_FRAMES", r.counts.frames}, {"_XEN_TORN", r.counts.torn}} {
		n.Fields = append(n.Fields, observed(c.name, strconv.FormatUint(c.n, 10)))
	}
	for _, run := range r.runs.open() {
		n.Fields = append(n.Fields, observed("_XEN_OPEN_RUN", run))
	}
	return n
}

// missed says which messages of a run have not come.
func (d *domain) missed(g gap) *input.Note {
	where := fmt.Sprintf("numbers %d to %d of run %s", g.first, g.last, g.run)
	fields := []entry.Field{observed(LossRun, g.run), observed(LossFirst, strconv.FormatUint(g.first, 10)), observed(LossLast, strconv.FormatUint(g.last, 10))}
	if g.unseen {
		return note("5", fmt.Sprintf("domain %s: %s came before this daemon began, or are lost", d.name, where),
			append(fields, observed(Happened, "resumed"))...)
	}
	n := note("4", fmt.Sprintf("%d messages of domain %s lost: %s", g.size(), d.name, where), fields...)
	n.Reason, n.Lost = ReasonMissing, g.size()
	return n
}

// overflowed says that text lines may be missing.
func (d *domain) overflowed(octets int) *input.Note {
	n := note("4", fmt.Sprintf("text lines of domain %s may be lost: %d bytes were waiting, and the channel keeps about 1 MiB", d.name, octets),
		observed("_XEN_OCTETS", strconv.Itoa(octets)))
	n.Reason = ReasonBuffer
	return n
}
