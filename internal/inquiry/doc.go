// Package inquiry is the form in which a domain of a station asks Dom0 for its own log, over its query channel, and gets the
// answer (FORMAT.md, section 25). It is pure.
//
// Question and answer are lines with an id, a number and a checksum: a channel is a serial line, on which there may be
// octets of before, and from which some may be missing.
package inquiry

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"time"
)

// The kinds of lines.
const (
	KindQuestion = 'q' // body: [Question]
	KindEntry    = 'a' // body: an entry as "show -o json" prints it
	KindEnd      = 'z' // body: [End]
)

// Limits, in bytes unless they are numbers.
const (
	IDSize      = 16        // hex digits
	MaxQuestion = 4096      // line of a question, its LF included
	MaxLine     = 256 << 10 // line of an answer, its LF included
	MaxEntry    = MaxLine - overhead
	MaxAnswer   = 512 << 10 // all entries of an answer together
	MaxEntries  = 1000      // of an answer
	MaxText     = 256       // Module and Text of a question, each
)

const (
	magic    = "%q1 "
	check    = len(" 00000000")
	overhead = 64 // of a line, beside the body
)

// Line is one line, without its LF.
type Line struct {
	Kind   byte
	ID     []byte // of the question: [IDSize] of 0-9a-f
	Number uint64 // 0 of a question; the entries of an answer are 1, 2, 3, …, and its end has the next number
	Body   []byte // JSON, in one line
}

// Append appends a line with its LF.
func (l *Line) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(append(append(dst, magic...), l.Kind, ' '), l.ID...)
	dst = strconv.AppendUint(append(dst, ' '), l.Number, 10)
	dst = append(append(dst, ' '), l.Body...)
	return fmt.Appendf(dst, " %08x\n", crc32.ChecksumIEEE(dst[start:]))
}

// Parse reads a line without its LF, or with a CR at its end. ok says that it is one as it was sent. The parts are those of
// the line.
func Parse(line []byte) (l Line, ok bool) {
	line = bytes.TrimSuffix(line, []byte("\r"))
	body := len(line) - check
	if body < len(magic) || !bytes.HasPrefix(line, []byte(magic)) || !checked(line[:body], line[body:]) {
		return l, false
	}
	parts := bytes.SplitN(line[len(magic):body], []byte(" "), 4)
	if len(parts) != 4 || len(parts[0]) != 1 || !validID(parts[1]) {
		return l, false
	}
	number, err := strconv.ParseUint(string(parts[2]), 10, 63)
	if err != nil || strconv.FormatUint(number, 10) != string(parts[2]) {
		return l, false
	}
	return Line{parts[0][0], parts[1], number, parts[3]}, true
}

func checked(text, sum []byte) bool {
	return string(sum) == fmt.Sprintf(" %08x", crc32.ChecksumIEEE(text))
}

func validID(id []byte) bool {
	var raw [IDSize / 2]byte
	_, err := hex.Decode(raw[:], id[:min(len(id), IDSize)])
	return err == nil && len(id) == IDSize && bytes.Equal(id, bytes.ToLower(id))
}

// Question asks for entries of the domain that asks. The zero value is the newest [MaxEntries].
type Question struct {
	Since  string `json:"since,omitempty"`  // RFC 3339; entries that Dom0 received then or later
	Until  string `json:"until,omitempty"`  // RFC 3339; entries that Dom0 received before
	Level  *int   `json:"level,omitempty"`  // 0 to 7: that level and worse
	Module string `json:"module,omitempty"` // SYSLOG_IDENTIFIER is this
	Text   string `json:"text,omitempty"`   // MESSAGE contains this, in any case
	Limit  int    `json:"limit,omitempty"`  // 1 to [MaxEntries]; 0 is that
	Oldest bool   `json:"oldest,omitempty"` // the oldest so many, or those from Cursor on, rather than the newest
	Cursor string `json:"cursor,omitempty"` // of End.Next; with Oldest
}

// End ends an answer.
type End struct {
	Entries int    `json:"entries"`            // that stand before it
	TooLong int    `json:"too_long,omitempty"` // that matched, and do not fit into a line
	Missing uint64 `json:"missing,omitempty"`  // of the whole journal, that cannot be read
	More    bool   `json:"more,omitempty"`     // others match: older ones, or newer ones from Next on
	Next    string `json:"next,omitempty"`     // cursor of the next entry
	Error   string `json:"error,omitempty"`    // "" is success
}

// ParseQuestion reads the body of a question. Errors say which member is wrong.
func ParseQuestion(body []byte) (q Question, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		return q, fmt.Errorf("question: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return q, errors.New("question: more than one JSON object")
	}
	for _, t := range []struct{ name, text string }{{"since", q.Since}, {"until", q.Until}} {
		if _, err := time.Parse(time.RFC3339Nano, t.text); t.text != "" && err != nil {
			return q, fmt.Errorf("%s %.40q: want RFC 3339, such as 2026-11-21T19:41:24Z", t.name, t.text)
		}
	}
	switch {
	case q.Level != nil && (*q.Level < 0 || *q.Level > 7):
		err = fmt.Errorf("level %d: want 0 to 7", *q.Level)
	case q.Limit < 0 || q.Limit > MaxEntries:
		err = fmt.Errorf("limit %d: want 1 to %d", q.Limit, MaxEntries)
	case len(q.Module) > MaxText || len(q.Text) > MaxText:
		err = fmt.Errorf("module and text: at most %d bytes each", MaxText)
	case q.Cursor != "" && !q.Oldest:
		err = errors.New("cursor: only with oldest")
	}
	return q, err
}
