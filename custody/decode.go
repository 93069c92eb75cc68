package custody

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"constat/entry"
)

// IsEvent reports whether an entry says that it is an event of custody. [Decode] says whether it is a valid one.
func IsEvent(e *entry.Entry) bool {
	if e.Kind != entry.Event {
		return false
	}
	for i := range e.Fields {
		if e.Fields[i].Name == fieldForm {
			return true
		}
	}
	return false
}

// own are the names of the fields that an event may have once, and nobody else's namespace.
var own = []string{fieldForm, FieldSession, FieldOp, entry.AuditResult, fieldPath, fieldSize, fieldSHA256, fieldMD5, fieldMIME,
	fieldMediumID, fieldMediumLabel, fieldMediumSerial, fieldMediumRole, fieldEngineName, fieldEngineVersion, fieldSignatures,
	fieldSignedOn, fieldThreat, fieldReason, fieldBegan, fieldStation}

// Decode reads the event that an entry is, strictly: every field in its one spelling, once, and where it belongs.
// Fields of other names are passed over, unless they begin as ours do. Without a time of its own an event has that of its
// receipt. Errors name the field, or say that the entry is of another kind than event. A path that leaves its
// medium is an error that wraps [ErrPath].
func Decode(e *entry.Entry) (Event, error) {
	if e.Kind != entry.Event {
		return Event{}, fmt.Errorf("an entry of kind %s is no event of custody", e.Kind)
	}
	r := reader{values: map[string]string{}}
	for i := range e.Fields {
		if err := r.take(&e.Fields[i]); err != nil {
			return Event{}, err
		}
	}
	at := e.Received
	if e.Event.Valid {
		at = e.Event.Micros
	}
	out := Event{Op: Op(r.get(FieldOp)), Session: r.get(FieldSession), At: timeOf(at), Station: r.get(fieldStation),
		Path: r.get(fieldPath), MIME: r.get(fieldMIME), Result: Result(r.get(entry.AuditResult)), Threat: r.get(fieldThreat), Reason: r.get(fieldReason),
		Medium: Medium{r.get(fieldMediumID), r.get(fieldMediumLabel), r.get(fieldMediumSerial), r.get(fieldMediumRole)},
		Engine: Engine{r.get(fieldEngineName), r.get(fieldEngineVersion), r.get(fieldSignatures), r.get(fieldSignedOn)}}
	if form := r.get(fieldForm); form != Form {
		return out, fmt.Errorf("%s: form %q is not one that this program knows (%s): use a newer one", fieldForm, form, Form)
	}
	if out.isFile() {
		if err := CheckPath(out.Path); err != nil {
			return out, fmt.Errorf("%s: %w", fieldPath, err)
		}
	}
	out.Content = r.content()
	out.Began = r.began()
	r.counts(&out)
	if r.err != nil {
		return out, r.err
	}
	return out, out.check()
}

// reader takes the fields of an entry.
type reader struct {
	values map[string]string
	err    error
}

func (r *reader) take(f *entry.Field) error {
	known := slices.Contains(own, f.Name) || strings.HasPrefix(f.Name, countPrefix)
	for _, prefix := range []string{"file.", "medium.", "engine.", countPrefix} {
		if strings.HasPrefix(f.Name, prefix) && !known {
			return fmt.Errorf("%s: no event has such a field", Show(f.Name))
		}
	}
	_, twice := r.values[f.Name]
	switch {
	case !known:
		return nil
	case twice:
		return fmt.Errorf("%s: stands twice", f.Name)
	case f.Form != entry.Inline:
		return fmt.Errorf("%s: its value is private or not in the entry", f.Name)
	case len(f.Value) == 0:
		return fmt.Errorf("%s: is empty", f.Name)
	}
	r.values[f.Name] = string(f.Value)
	return nil
}

func (r *reader) get(name string) string { return r.values[name] }

func (r *reader) fail(name string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %q is not in its one spelling", name, r.get(name))
	}
}

// content reads size and digests, which stand together.
func (r *reader) content() *Content {
	size, sha, md := r.get(fieldSize), r.get(fieldSHA256), r.get(fieldMD5)
	if size+sha+md == "" {
		return nil
	}
	var c Content
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != size {
		r.fail(fieldSize)
	}
	c.Size = n
	if b, err := hex.DecodeString(sha); err != nil || copy(c.SHA256[:], b) != len(c.SHA256) || c.SHA256.String() != sha {
		r.fail(fieldSHA256)
	}
	if b, err := hex.DecodeString(md); err != nil || copy(c.MD5[:], b) != len(c.MD5) || hex.EncodeToString(c.MD5[:]) != md {
		r.fail(fieldMD5)
	}
	return &c
}

func (r *reader) began() time.Time {
	text := r.get(fieldBegan)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(timeLayout, text)
	if err != nil || t.Format(timeLayout) != text {
		r.fail(fieldBegan)
	}
	return t
}

// counts reads the counts, all or none of them.
func (r *reader) counts(e *Event) {
	left := 0
	for name := range r.values {
		if strings.HasPrefix(name, countPrefix) {
			left++
		}
	}
	if left == 0 && e.Op != Closed {
		return
	}
	for _, c := range e.Counts.counters() {
		text := r.get(countPrefix + c.name)
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || strconv.FormatUint(n, 10) != text {
			r.fail(countPrefix + c.name)
		}
		*c.n = n
		left--
	}
	if r.err == nil && (left != 0 || e.Op != Closed) {
		r.err = fmt.Errorf("%s*: counts stand in %s, those that are documented", countPrefix, Closed)
	}
}
