package station

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"constat/entry"
	"constat/internal/input/native"
	"constat/internal/inquiry"
)

// DefaultQueryChannel is the channel of a domain on which it asks Dom0 for its log.
const DefaultQueryChannel = "/dev/hvc3"

// DefaultReadTimeout is how long [Source.GetLog] may take.
const DefaultReadTimeout = 30 * time.Second

// MaxFromChannel is how many entries a domain gets at once.
const MaxFromChannel = inquiry.MaxEntries

// ErrNoLog says that there is no log to be read here; the error that wraps it says why, and what to do.
var ErrNoLog = errors.New("no log can be read here")

// Source says where the log is read. The zero value is the store of this machine, if there is one (Dom0), else
// [DefaultQueryChannel].
type Source struct {
	Channel string        // query channel of a domain: a character device or a Unix socket
	Store   string        // directory of the store; "" is CONSTAT_STORE, else the default one
	Program string        // "constat", which reads the store; "" is CONSTAT_BIN, else the one in PATH
	Timeout time.Duration // of each call of GetLog; 0 is [DefaultReadTimeout]
}

// Query selects entries. The zero value is everything.
type Query struct {
	Since, Until time.Time // when Dom0 received them: from Since on, before Until; the zero time is no limit
	Level        Level     // the least severe; 0 is all
	Module       string
	Text         string // stands in the message, in any case
	Domain       string // in Dom0: of this domain only. In a domain it gets its own entries, and nothing else
	Limit        int    // the newest so many; 0 is all, of a query channel at most [MaxFromChannel]
}

// Log is what was found, the oldest first.
type Log struct {
	Entries []Logged
	More    bool   // older ones match too
	TooLong int    // that match, and are too long for the channel
	Missing uint64 // of the journals, that cannot be read
}

// Logged is an entry.
type Logged struct {
	Time    time.Time // when Dom0 received it
	Domain  string    // "" is Dom0 itself
	Level   Level     // [LevelInfo] if it says none
	Module  string
	Message string // "\ufffd" for what is not UTF-8
	JSON    []byte // all of it, one line as "constat show -o json" prints it
}

// GetLog reads the log back: in Dom0 that of all domains, in a domain its own. An error that wraps [ErrNoLog] says that
// there is none here.
func (s Source) GetLog(ctx context.Context, q Query) (l Log, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	from, err := s.find()
	if err != nil {
		return l, err
	}
	return from.newest(ctx, q)
}

// GetLog is [Source.GetLog] of the zero source.
func (a *Api) GetLog(ctx context.Context, q Query) (Log, error) { return Source{}.GetLog(ctx, q) }

func (s Source) timeout() time.Duration {
	if s.Timeout <= 0 {
		return DefaultReadTimeout
	}
	return s.Timeout
}

// reader reads entries: those of a store or a channel.
type reader interface {
	newest(context.Context, Query) (Log, error)
	// all must call take with every line of JSON, its LF included, the oldest first.
	all(ctx context.Context, q Query, take func(line []byte) error) (Log, error)
}

// find chooses the place to read from.
func (s Source) find() (reader, error) {
	if s.Channel != "" {
		return asking{s.Channel, s.timeout()}, nil
	}
	store, err := s.Store, error(nil)
	if store == "" {
		store, err = native.DefaultStore()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoLog, err)
	}
	if info, err := os.Stat(store); err == nil && info.IsDir() {
		return s.stored(store)
	}
	if info, err := os.Stat(DefaultQueryChannel); err == nil && info.Mode()&fs.ModeCharDevice != 0 {
		return asking{DefaultQueryChannel, s.timeout()}, nil
	}
	return nil, fmt.Errorf("%w: there is neither a store %s (in Dom0: start 'constat serve', or name the store) nor a query channel %s (in a domain: give it one, see docs/station-log.md)",
		ErrNoLog, store, DefaultQueryChannel)
}

// parseLogged reads a line of JSON.
func parseLogged(line []byte) (Logged, error) {
	var members struct {
		Received string          `json:"__RECEIVED"`
		Domain   json.RawMessage `json:"_XEN_DOMAIN"`
		Priority json.RawMessage `json:"PRIORITY"`
		Module   json.RawMessage `json:"SYSLOG_IDENTIFIER"`
		Message  json.RawMessage `json:"MESSAGE"`
	}
	if err := json.Unmarshal(line, &members); err != nil {
		return Logged{}, fmt.Errorf("an entry is no JSON object: %w", err)
	}
	l := Logged{Domain: text(members.Domain), Level: LevelInfo, Module: text(members.Module), Message: text(members.Message), JSON: line}
	if n, err := strconv.Atoi(text(members.Priority)); err == nil && n >= 0 && n <= 7 {
		l.Level = Level(n)
	}
	l.Time, _ = time.Parse(time.RFC3339Nano, members.Received) // an entry without is one all the same
	return l, nil
}

// text is a value as text: a string, or base64 of what is no UTF-8, or the first of several.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	var octets struct {
		Base64 []byte `json:"base64"`
	}
	if json.Unmarshal(value, &octets) == nil {
		return string([]rune(string(octets.Base64)))
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && len(list) > 0 {
		return text(list[0])
	}
	return ""
}

// Line is an entry as a line of text: printable, in UTC, in the columns of the station.
func (l *Logged) Line() string {
	line := append([]byte(nil), l.Time.UTC().Format("2006-01-02T15:04:05.000000Z ")...)
	line = append(column(line, entry.ZatoLevel(int(l.Level)), entry.StationLevel), ' ')
	line = append(column(line, l.Domain, entry.StationDomain), " ["...)
	line = append(column(line, l.Module, entry.StationModule), "] "...)
	return string(append(entry.AppendFrameText(line, []byte(l.Message), false), '\n'))
}
