package xen

import (
	"time"

	"constat/entry"
	"constat/internal/parse/xen"
)

// pending is a text entry that may go on.
type pending struct {
	any    bool
	octets []byte
	lost   int64
	at     time.Time // when its last line came
}

// line takes one line of the stream.
func (r *reading) line(line []byte, lost int64) { r.lineEnding(line, lost, "") }

// partial takes a line that will not end. It stands alone: it may be the beginning of a header.
func (r *reading) partial() {
	r.flush("")
	r.lineEnding(r.lines.begun, r.lines.lost, FlagTruncated)
	r.lines.reset()
}

func (r *reading) lineEnding(line []byte, lost int64, flag string) {
	if lost > 0 {
		flag = FlagOversize
	}
	if xen.IsFrame(line) {
		r.flush("")
		r.frame(line, lost, flag)
		return
	}
	empty := len(line) == 0 || len(line) == 1 && line[0] == '\r'
	if empty && r.framed && !r.pending.any {
		return // a separator
	}
	r.counts.lines++
	r.framed = false
	switch {
	case xen.Header(line):
		r.backlog.text = r.backlog.open
		r.flush("")
		r.pending = pending{any: true, octets: append(r.pending.octets[:0], line...), lost: lost, at: time.Now()}
		if flag != "" {
			r.flush(flag)
		}
	case r.pending.any && lost == 0 && len(r.pending.octets)+1+len(line) <= r.limit:
		r.pending.octets = append(append(r.pending.octets, '\n'), line...)
		r.pending.at = time.Now()
	default:
		r.flush("")
		if flag == "" {
			flag = FlagNoHeader
		}
		r.add(line, lost, flag)
	}
}

// flush ends the pending entry. Its octets are without the last LF, unless they would then end in one that is its own.
func (r *reading) flush(flag string) {
	p := &r.pending
	if !p.any {
		return
	}
	if n := len(p.octets); n > 0 && p.octets[n-1] == '\n' {
		p.octets = append(p.octets, '\n')
	}
	r.add(p.octets, p.lost, flag)
	p.any = false
	if cap(p.octets) > keepLine {
		p.octets = nil
	}
}

// frame takes a line that begins like a frame.
func (r *reading) frame(line []byte, lost int64, flag string) {
	r.framed = true
	f, ok := xen.CutFrame(line)
	if !ok || lost > 0 {
		r.counts.torn++
		if flag == "" {
			flag = FlagTorn
		}
		r.add(line, lost, flag)
		return
	}
	missing, odd := r.runs.saw(f)
	if missing.last > 0 {
		r.note(r.missed(missing))
	}
	r.counts.frames++
	if f.Kind == entry.FrameMessage || odd != "" {
		r.add(line, 0, odd)
	}
}
