package parse

import (
	"bytes"
	"unicode/utf8"

	"constat/entry"
)

// Limits of what is remembered.
const (
	maxNames  = 4096
	maxRecent = 64
	maxKey    = 2 * entry.MaxName // bytes
)

// name is a key as it was written and the field name that was made of it.
type name struct {
	written string
	field   string
	json    uint8 // rank among the keys of JSON that hold the event time, 1 = first; 0: not one of them
	export  uint8 // the same for the journal export format
}

// names remembers the names that were seen. The fields of one source come in the same order each time, so the last
// name at each position is tried first.
type names struct {
	claimed bool // names that begin with '_' lose their underscores
	known   map[string]*name
	recent  [maxRecent]*name
}

// find returns the name of the field that a key makes, at that position among the fields of its entry.
func (n *names) find(position int, key []byte) *name {
	if len(key) > maxKey {
		return &name{field: n.fieldName(key)} // not worth remembering
	}
	position = min(position, maxRecent-1)
	if last := n.recent[position]; last != nil && last.written == string(key) {
		return last
	}
	found := n.known[string(key)]
	if found == nil {
		found = n.learn(key)
	}
	n.recent[position] = found
	return found
}

// learn makes the name of a key. When too many are known all are forgotten, so that a source that invents names does
// not spoil it for the others.
func (n *names) learn(key []byte) *name {
	made := &name{written: string(key), field: n.fieldName(key)}
	made.json, made.export = timeRank(jsonTimes[:], key), timeRank(exportTimes[:], key)
	if n.known == nil || len(n.known) >= maxNames {
		n.known = make(map[string]*name)
	}
	n.known[made.written] = made
	return made
}

// unnamed is the name of a field whose name has no octet that may stay.
const unnamed = "unnamed"

// fieldName returns a legal name: key itself if it is one, otherwise with '_' for each octet that cannot stay, cut to
// the longest allowed, and without leading underscores if it is a claim.
func (n *names) fieldName(key []byte) string {
	if n.claimed {
		if key = bytes.TrimLeft(key, "_"); len(key) == 0 {
			return unnamed
		}
	}
	if s := string(key[:min(len(key), entry.MaxName+1)]); entry.ValidName(s) {
		return s
	}
	out := make([]byte, 0, entry.MaxName)
	for len(key) > 0 && len(out) < entry.MaxName {
		c, size := utf8.DecodeRune(key)
		if c < 0x20 || c == 0x7f || c == '=' || (c == utf8.RuneError && size == 1) {
			out = append(out, '_')
		} else if out = append(out, key[:size]...); len(out) > entry.MaxName {
			out = out[:len(out)-size]
			break
		}
		key = key[size:]
	}
	if n.claimed {
		if out = bytes.TrimLeft(out, "_"); len(out) == 0 {
			return unnamed
		}
	}
	if len(out) == 0 {
		return "_"
	}
	return string(out)
}

// The keys that hold the event time, best first.
var (
	jsonTimes   = [...]string{"_time", "time", "timestamp", "@timestamp", "ts", realtime, "__EVENT_TIME"}
	exportTimes = [...]string{"_SOURCE_REALTIME_TIMESTAMP", realtime}
)

// realtime is the name of the journal for its own clock: decimal µs since 1970 UTC.
const realtime = "__REALTIME_TIMESTAMP"

func timeRank(times []string, key []byte) uint8 {
	for i, known := range times {
		if known == string(key) {
			return uint8(i + 1)
		}
	}
	return 0
}
