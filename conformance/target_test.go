package conformance

import (
	"encoding/base64"
	"testing"
	"time"
	"unicode/utf8"

	"constat/entry"
	"constat/internal/parse"
)

// kept is one entry as it can be read back.
type kept struct {
	fields   fields    // as in "constat show -o json"
	octets   []byte    // as in "constat show -o raw", without the LF that this may add
	received time.Time // __RECEIVED
}

// target is what the cases are run against: a part of constat, or the program.
type target interface {
	// message hands in the octets of one datagram and returns its entries, or the word under which it is counted.
	// skip says why the target cannot take it.
	message(t *testing.T, octets []byte) (entries []kept, counted, skip string)
	// stream hands in the octets of one connection, in writes of those sizes, and closes it. limit is the longest
	// message that is to be kept, 0 for the default. skip says why the target cannot.
	stream(t *testing.T, octets []byte, writes []int, limit int) (entries []kept, skip string)
}

// targets are all there are.
var targets = map[string]func(t *testing.T) target{
	"parse": func(*testing.T) target {
		return &parser{parse.New(parse.Syslog, parse.Options{Location: time.UTC})}
	},
	"import": newImporter,
	"daemon": newDaemons,
	"relp":   newRELP,
}

// parser is internal/parse without anything around it.
type parser struct{ *parse.Parser }

func (p *parser) message(t *testing.T, octets []byte) (entries []kept, counted, skip string) {
	if len(octets) == 0 {
		return nil, "", "the inputs count it and hand nothing to the parser"
	}
	k := kept{fields: fields{}, received: time.Now()}
	var e entry.Entry
	p.Parse(&e, octets, k.received.UnixMicro())
	var err error
	if k.octets, _, err = entry.AppendReceived(nil, &e); err != nil {
		t.Fatal(err)
	}
	if e.Event.Valid {
		k.fields["__EVENT_TIME"] = string(e.Event.AppendRFC3339(nil))
	}
	for _, f := range e.Fields {
		k.fields.add(f.Name, f.Value)
	}
	p.Release()
	return []kept{k}, "", ""
}

func (p *parser) stream(*testing.T, []byte, []int, int) ([]kept, string) {
	return nil, "a parser takes no streams"
}

// add adds a value as "constat show -o json" does.
func (f fields) add(name string, octets []byte) {
	value := any(string(octets))
	if !utf8.Valid(octets) {
		value = map[string]any{"base64": base64.StdEncoding.EncodeToString(octets)}
	}
	switch before := f[name].(type) {
	case nil:
		f[name] = value
	case []any:
		f[name] = append(before, value)
	default:
		f[name] = []any{before, value}
	}
}
