package show

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"constat/entry"
)

// What export prints, read as the format is defined, is the entry without what is not at hand.
func TestExportReadsBack(t *testing.T) {
	p, err := New("export", Options{})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		out, err := p.Append(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		var want [][2]string
		for _, f := range r.Entry.Fields {
			if m := metaOf(f.Name); f.Form == entry.Inline && !m.ours() && m != metaRealtime {
				want = append(want, [2]string{f.Name, string(f.Value)})
			}
		}
		if len(want) == 0 {
			if len(out) > 0 {
				t.Fatalf("an entry without fields prints %q", out)
			}
			return
		}
		got, rest, err := readExport(out)
		if err != nil || len(rest) > 0 || got[0] != [2]string{"__CURSOR", Cursor(r.ID, r.Index)} || got[1][0] != "__REALTIME_TIMESTAMP" {
			t.Fatalf("%q reads %q, then %q %v", out, got, rest, err)
		}
		if !slices.Equal(got[2:], want) {
			t.Fatalf("%q reads %q, want %q", out, got[2:], want)
		}
	})
}

// readExport reads one entry of the journal export format and returns what follows it.
func readExport(data []byte) (fields [][2]string, rest []byte, err error) {
	for {
		line, after, found := bytes.Cut(data, []byte("\n"))
		if !found {
			return fields, data, errors.New("no blank line at the end")
		}
		if len(line) == 0 {
			return fields, after, nil
		}
		if name, value, text := bytes.Cut(line, []byte("=")); text {
			fields, data = append(fields, [2]string{string(name), string(value)}), after
			continue
		}
		if len(after) < 8 {
			return fields, data, fmt.Errorf("%q: no length", line)
		}
		n := binary.LittleEndian.Uint64(after)
		if after = after[8:]; uint64(len(after)) <= n || after[n] != '\n' {
			return fields, data, fmt.Errorf("%q: length %d does not fit", line, n)
		}
		fields, data = append(fields, [2]string{string(line), string(after[:n])}), after[n+1:]
	}
}

func TestExportTime(t *testing.T) {
	p, err := New("export", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stored string // "" for none
		event  int64
		want   string
	}{
		{"", 1600000000000000, "1600000000000000"},
		{"", 0, strconv.Itoa(received)},  // a clock that was never set
		{"", -5, strconv.Itoa(received)}, // before 1970
		{"", 1 << 55, strconv.Itoa(received)},
		{"1500000000000000", 1600000000000000, "1500000000000000"},
		{"0", 1600000000000000, "1600000000000000"},
		{"yesterday", 1600000000000000, "1600000000000000"},
		{"99999999999999999999", 1600000000000000, "1600000000000000"},
	} {
		r := record(claimed("MESSAGE", "m"))
		if c.stored != "" {
			r = record(imported("__REALTIME_TIMESTAMP", c.stored), claimed("MESSAGE", "m"), imported("__REALTIME_TIMESTAMP", "1"))
		}
		r.EventAxis, r.Entry.Event = true, entry.Time{Micros: c.event, Digits: 6, Valid: true}
		out, err := p.Append(nil, r)
		fields, _, readErr := readExport(out)
		if err != nil || readErr != nil || len(fields) != 3 || fields[1][1] != c.want {
			t.Errorf("stored %q, event %d: %q %v %v, want %s", c.stored, c.event, out, err, readErr, c.want)
		}
	}
}

func TestIsExportText(t *testing.T) {
	for _, c := range []struct {
		in   string
		want bool
	}{
		{"", true}, {"plain", true}, {"tab\there", true}, {"é☃\U0001f600", true}, {"\ufffd", true}, {"\u00a0", true}, {"a\nb", false}, {"\r", false},
		{"\x00", false}, {"\x1b", false}, {"\x7f", false}, {"\u0080", false}, {"\u009f", false}, {"\xff", false}, {"é\xc3", false},
	} {
		if got := isExportText([]byte(c.in)); got != c.want {
			t.Errorf("%q: %v", c.in, got)
		}
	}
}
