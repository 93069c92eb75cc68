package show

import (
	"time"

	"constat/entry"
)

// What stands in a line of audit-pii.log for what an entry does not say.
const (
	zatoThread = "MainThread"
	zatoLogger = "zato_audit_pii"
	zatoLine   = "0"
	zatoLevel  = 6
)

// appendZato prints a line of audit-pii.log as Zato writes it; the line itself if that is what was imported. An entry
// that is no audit entry has its message in place of the object.
func (p *Printer) appendZato(dst []byte, r *Record) ([]byte, error) {
	e := r.Entry
	line := p.scratch[:0]
	if e.Renderer == entry.RenderZato {
		if out, ok, err := entry.AppendReceived(line, e); ok && err == nil {
			line = out
		}
	}
	if len(line) == 0 {
		line = p.appendZatoLine(line, r)
	}
	p.scratch = line
	return append(p.appendInline(dst, line), '\n'), nil
}

func (p *Printer) appendZatoLine(dst []byte, r *Record) []byte {
	e := r.Entry
	at := e.Received
	if e.Event.Valid {
		at = e.Event.Micros
	}
	_, offset := time.UnixMicro(at).In(p.options.Location).Zone()
	dst = append(entry.AppendZatoTime(dst, at, offset), " - "...)
	level, ok := e.Level()
	if !ok {
		level = zatoLevel
	}
	dst = entry.AppendZatoHead(dst, level, orElse(e.PID, "0"), valueOr(e, "THREAD_NAME", zatoThread), orElse(e.App, zatoLogger),
		valueOr(e, "CODE_LINE", zatoLine))
	if find(e, zatoNames[:]) < 0 {
		message, _ := e.Message()
		return append(dst, message...)
	}
	return entry.AppendAudit(dst, e)
}

// zatoNames are the fields of which every audit entry has one.
var zatoNames = [...]string{entry.AuditCID, entry.AuditOp}

func orElse(role func() ([]byte, bool), otherwise string) []byte {
	if value, ok := role(); ok && len(value) > 0 {
		return value
	}
	return []byte(otherwise)
}

func valueOr(e *entry.Entry, name, otherwise string) []byte {
	return orElse(func() ([]byte, bool) { return e.Get(name) }, otherwise)
}
