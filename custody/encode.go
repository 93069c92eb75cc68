package custody

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"constat/entry"
)

// The fields that every entry has which people read in lists.
const (
	facility = "13" // log audit
	priInfo  = "6"
	priWarn  = "4"
	priError = "3"
)

// Entry makes an entry of an event, with claimed fields; app is the name of the program, SYSLOG_IDENTIFIER. What would
// be refused by [Decode] is an error.
func (e *Event) Entry(app string) (entry.Entry, error) {
	var out entry.Entry
	if err := e.check(); err != nil {
		return out, err
	}
	add := func(name, value string) {
		if value != "" {
			out.AddString(name, value, entry.Claimed)
		}
	}
	add("MESSAGE", e.Message())
	add("PRIORITY", e.priority())
	add("SYSLOG_FACILITY", facility)
	add("SYSLOG_IDENTIFIER", app)
	add(FieldForm, Form)
	add(FieldSession, e.Session)
	add(FieldOp, string(e.Op))
	add(entry.AuditResult, string(e.Result))
	add(fieldStation, e.Station)
	add(fieldPath, e.Path)
	if e.Content != nil {
		add(fieldSize, strconv.FormatInt(e.Content.Size, 10))
		add(fieldSHA256, e.Content.SHA256.String())
		add(fieldMD5, hex.EncodeToString(e.Content.MD5[:]))
	}
	add(fieldMIME, e.MIME)
	add(fieldMediumID, e.Medium.ID)
	add(fieldMediumLabel, e.Medium.Label)
	add(fieldMediumSerial, e.Medium.Serial)
	add(fieldMediumRole, e.Medium.Role)
	add(fieldEngineName, e.Engine.Name)
	add(fieldEngineVersion, e.Engine.Version)
	add(fieldSignatures, e.Engine.Signatures)
	add(fieldSignedOn, e.Engine.SignaturesDate)
	add(fieldThreat, e.Threat)
	add(fieldReason, e.Reason)
	if !e.Began.IsZero() {
		add(fieldBegan, e.Began.UTC().Format(timeLayout))
	}
	if e.Op == Closed {
		for _, c := range e.Counts.counters() {
			add(countPrefix+c.name, strconv.FormatUint(*c.n, 10))
		}
	}
	out.Event = entry.Time{Micros: e.At.UnixMicro(), Digits: 6, Zone: "Z", Valid: true}
	return out, nil
}

// timeLayout is how a field writes a time: RFC 3339 in UTC to the µs.
const timeLayout = "2006-01-02T15:04:05.000000Z"

func (e *Event) priority() string {
	switch e.Result {
	case Error:
		return priError
	case Infected, Skipped, Aborted:
		return priWarn
	}
	return priInfo
}

// Message is the event in one line, MESSAGE of its entry.
func (e *Event) Message() string {
	text := string(e.Op)
	if e.Path != "" {
		text += " " + Show(e.Path)
	}
	if e.Result != "" {
		text += ": " + string(e.Result)
	}
	if e.Threat != "" {
		text += " " + Show(e.Threat)
	}
	if e.Engine.Name != "" {
		text += " by " + e.Engine.String()
	}
	if e.Medium.ID != "" {
		text += " on " + e.Medium.String()
	}
	if e.Reason != "" {
		text += " (" + line(e.Reason) + ")"
	}
	if e.Content != nil {
		text += fmt.Sprintf(", %d bytes, SHA-256 %s", e.Content.Size, e.Content.SHA256)
	}
	return text
}

// String names an engine for people, with its signature base.
func (e Engine) String() string {
	text := Show(e.Name) + " " + Show(e.Version)
	switch {
	case e.Signatures != "" && e.SignaturesDate != "":
		text += fmt.Sprintf(" (%s, %s)", Show(e.Signatures), e.SignaturesDate)
	case e.Signatures+e.SignaturesDate != "":
		text += " (" + Show(e.Signatures+e.SignaturesDate) + ")"
	}
	return text
}

// String names a medium for people.
func (m Medium) String() string {
	text := Show(m.ID)
	if m.Label != "" {
		text += " " + strconv.Quote(m.Label)
	}
	if m.Serial != "" {
		text += " [" + Show(m.Serial) + "]"
	}
	return text
}

// timeOf is a time of an entry.
func timeOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
