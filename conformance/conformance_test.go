package conformance

import (
	"bytes"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what came out into expected.json")

// usual are the fields that a new case names.
var usual = []string{"PRIORITY", "SYSLOG_FACILITY", "HOSTNAME", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "SYSLOG_MSGID",
	"MESSAGE", "__EVENT_TIME", "_SYNTAX"}

// countedName is the member that says that a message is counted and not kept.
const countedName = "__COUNTED"

func TestSyslog(t *testing.T)  { runAll(t, "syslog", runMessage) }
func TestFraming(t *testing.T) { runAll(t, "framing", runStream) }

// runAll runs every case of a kind against every target and says how many ran.
func runAll(t *testing.T, kind string, run func(*testing.T, target, testCase) (ran bool)) {
	all := cases(t, kind)
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		ran, others := 0, 0
		t.Run(name, func(t *testing.T) {
			to := targets[name](t)
			for _, c := range all {
				t.Run(c.name, func(t *testing.T) {
					if run(t, to, c) {
						ran++
					} else {
						others++
					}
				})
			}
		})
		report(t, kind, name, ran, others)
	}
}

// runMessage runs a case of one datagram, unless it is not for the target.
func runMessage(t *testing.T, to target, c testCase) (ran bool) {
	want := fields{}
	c.read(t, &want)
	entries, counted, skip := to.message(t, c.input)
	switch {
	case skip != "":
		t.Log("not for this target: " + skip)
		return false
	case want[countedName] != nil:
		if len(entries) > 0 || counted != want[countedName] {
			t.Errorf("%d entries, counted as %q; want it counted as %q", len(entries), counted, want[countedName])
		}
	case len(entries) != 1:
		t.Errorf("%d entries, counted as %q; want one entry", len(entries), counted)
	default:
		check(t, entries[0], want, c.input)
		if *update {
			c.write(t, entries[0].updated(want, c.input))
		}
	}
	return true
}

// connection is the expected.json of a stream.
type connection struct {
	Limit    int      `json:"limit,omitempty"`
	Messages []fields `json:"messages"`
	Writes   []int    `json:"writes,omitempty"`
}

// octetsName is the member of a message of a stream that holds its octets.
const octetsName = "octets"

// runStream runs a case of one connection. What follows from the RFCs alone is not rewritten by -update.
func runStream(t *testing.T, to target, c testCase) (ran bool) {
	var want connection
	c.read(t, &want)
	if len(want.Messages) == 0 {
		t.Fatal("no messages are expected")
	}
	if entries, skip := to.stream(t, c.input, want.Writes, want.Limit); skip != "" {
		t.Log("not for this target: " + skip)
		return false
	} else if len(entries) != len(want.Messages) {
		t.Fatalf("%d entries, want %d", len(entries), len(want.Messages))
	} else {
		for i, message := range want.Messages {
			checkInStream(t, entries[i], message)
		}
	}
	return true
}

func checkInStream(t *testing.T, got kept, want fields) {
	t.Helper()
	octets := got.octets
	if value, found := want[octetsName]; found {
		var err error
		if octets, err = octetsOf(value); err != nil {
			t.Fatal(err)
		}
	}
	want = maps.Clone(want)
	delete(want, octetsName)
	check(t, got, want, octets)
}

// check compares an entry with what is expected of it.
func check(t *testing.T, got kept, want fields, octets []byte) {
	t.Helper()
	if !bytes.Equal(got.octets, octets) {
		t.Errorf("octets %q came back as %q", octets, got.octets)
	}
	if *update {
		return
	}
	for name, value := range want {
		if at, ok := value.(string); ok && name == "__EVENT_TIME" {
			value = yearOf(at, got.received)
		}
		if !same(got.fields[name], value) {
			t.Errorf("%q: %s is %v, want %v", octets, name, got.fields[name], value)
		}
	}
}

// updated returns what is to be expected of the entry, in the names of want. A year that is not in the octets is not
// in the result.
func (k kept) updated(want fields, octets []byte) fields {
	result := fields{}
	for _, name := range usual {
		result[name] = k.fields[name]
	}
	if len(want) == 0 {
		maps.Copy(result, k.fields)
	}
	for name := range want {
		result[name] = k.fields[name]
	}
	if at, ok := result["__EVENT_TIME"].(string); ok && len(at) > len(anyYear) && !bytes.Contains(octets, []byte(at[:4])) {
		result["__EVENT_TIME"] = strings.Replace(at, at[:4], anyYear, 1)
	}
	return result
}
