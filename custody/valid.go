package custody

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the texts of an event in bytes.
const (
	MaxSession = 128
	MaxText    = 255 // names, labels, versions, MIME types
	MaxReason  = 1000
)

// ValidSession reports whether a text can be the id of a session.
func ValidSession(id string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-"
	return id != "" && len(id) <= MaxSession && strings.Trim(id, letters) == ""
}

// check wants an event as it is documented. This is a flat list of what must hold.
func (e *Event) check() error {
	allowed, known := results[e.Op]
	switch {
	case !known:
		return fmt.Errorf("%s: %q is no event of custody", FieldOp, e.Op)
	case !ValidSession(e.Session):
		return fmt.Errorf("%s: %q cannot be the id of a session: want 1 to %d letters, digits, '.', '_', ':' or '-'", FieldSession, e.Session, MaxSession)
	case e.At.IsZero():
		return fmt.Errorf("%s: the event has no time", e.Op)
	case !slices.Contains(allowed, e.Result):
		return fmt.Errorf("result: %q is none that %s has", e.Result, e.Op)
	case (e.Threat != "") != (e.Result == Infected):
		return fmt.Errorf("%s: it stands with the result infected, and always", fieldThreat)
	case (e.Reason != "") != (e.Result == Error || e.Result == Skipped || e.Result == Aborted):
		return fmt.Errorf("%s: it stands with the results error, skipped and aborted, and always", fieldReason)
	case e.Station != "" && e.Op != Opened:
		return fmt.Errorf("%s: it stands in %s only", fieldStation, Opened)
	case e.Counts != (Counts{}) && e.Op != Closed:
		return fmt.Errorf("%s*: counts stand in %s only", countPrefix, Closed)
	}
	for _, part := range []func() error{e.checkFile, e.checkMedium, e.checkEngine, e.checkTexts} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// isFile reports whether an event is about a file.
func (e *Event) isFile() bool { return strings.HasPrefix(string(e.Op), "file.") }

func (e *Event) checkFile() error {
	if !e.isFile() {
		if e.Path != "" || e.Content != nil || e.MIME != "" {
			return fmt.Errorf("%s: %s is about no file", fieldPath, e.Op)
		}
		return nil
	}
	if err := CheckPath(e.Path); err != nil {
		return fmt.Errorf("%s: %w", fieldPath, err)
	}
	needed := e.Result == Clean || e.Result == Infected || e.Result == OK && e.Op != Deleted
	if e.Content == nil && needed {
		return fmt.Errorf("%s: %s with the result %s needs size and digests", fieldSHA256, e.Op, e.Result)
	}
	if e.Content != nil && e.Content.Size < 0 {
		return fmt.Errorf("%s: %d is below 0", fieldSize, e.Content.Size)
	}
	return nil
}

func (e *Event) checkMedium() error {
	m := e.Medium
	if m == (Medium{}) && (e.Op == Scanned || !e.isFile()) {
		return nil
	}
	role := m.Role
	switch {
	case m.ID == "":
		return fmt.Errorf("%s: %s needs a medium", fieldMediumID, e.Op)
	case role != Source && role != Destination:
		return fmt.Errorf("%s: %q: want %s or %s", fieldMediumRole, role, Source, Destination)
	case e.Op == Read && role != Source, e.Op == Copied && role != Destination:
		return fmt.Errorf("%s: %s is not for the %s", fieldMediumRole, e.Op, role)
	case e.Op == Closed:
		return fmt.Errorf("%s: %s is about no medium", fieldMediumID, e.Op)
	}
	return nil
}

func (e *Event) checkEngine() error {
	g := e.Engine
	switch {
	case e.Op != Scanned && g != (Engine{}):
		return fmt.Errorf("%s: it stands in %s only", fieldEngineName, Scanned)
	case e.Op == Scanned && (g.Name == "" || g.Version == ""):
		return fmt.Errorf("%s: %s needs name and version of the engine", fieldEngineName, Scanned)
	case g.SignaturesDate != "":
		if d, err := time.Parse(time.DateOnly, g.SignaturesDate); err != nil || d.Format(time.DateOnly) != g.SignaturesDate {
			return fmt.Errorf("%s: %q: want YYYY-MM-DD", fieldSignedOn, g.SignaturesDate)
		}
	}
	return nil
}

// checkTexts wants text of one line.
func (e *Event) checkTexts() error {
	for _, t := range []struct {
		name, text string
		limit      int
	}{
		{fieldMIME, e.MIME, MaxText}, {fieldMediumID, e.Medium.ID, MaxText}, {fieldMediumLabel, e.Medium.Label, MaxText},
		{fieldMediumSerial, e.Medium.Serial, MaxText}, {fieldEngineName, e.Engine.Name, MaxText}, {fieldEngineVersion, e.Engine.Version, MaxText},
		{fieldSignatures, e.Engine.Signatures, MaxText}, {fieldThreat, e.Threat, MaxText}, {fieldStation, e.Station, MaxText}, {fieldReason, e.Reason, MaxReason},
	} {
		bad := func(r rune) bool { return r < 0x20 || r == 0x7f }
		if len(t.text) > t.limit || !utf8.ValidString(t.text) || strings.IndexFunc(t.text, bad) >= 0 {
			return fmt.Errorf("%s: want one line of UTF-8, at most %d bytes", t.name, t.limit)
		}
	}
	return nil
}
