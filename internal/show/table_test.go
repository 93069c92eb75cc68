package show

import (
	"fmt"
	"testing"
)

var tableRowsOfTest = [][]Cell{
	{{Name: "host", Text: []byte("web1")}, {Name: "count", Text: []byte("7"), Number: true}},
	{{Name: "host", Text: []byte("a,\"b\"")}, {Name: "count", Text: []byte("120"), Number: true}},
	{{Name: "host", Absent: true}, {Name: "count", Text: []byte("1"), Number: true}},
	{{Name: "host", Text: []byte("x"), More: [][]byte{[]byte("y\n")}}, {Name: "count", Absent: true}},
}

func TestTable(t *testing.T) {
	for format, want := range map[string]string{
		"json":   `{"host":"web1","count":7}` + "\n" + `{"host":"a,\"b\"","count":120}` + "\n" + `{"host":null,"count":1}` + "\n" + `{"host":["x","y\n"],"count":null}` + "\n",
		"csv":    "host,count\nweb1,7\n\"a,\"\"b\"\"\",120\n,1\n\"x\ny\n\",\n",
		"logfmt": "host=web1 count=7\nhost=\"a,\\\"b\\\"\" count=120\ncount=1\nhost=x host=\"y\\n\"\n",
		"cat":    "web1\t7\na,\"b\"\t120\n\t1\nx\t\n",
		"short":  "host      count\nweb1          7\na,\"b\"       120\n-             1\nx, y\\x0a      -\n",
	} {
		table, err := NewTable(format, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out []byte
		for _, row := range tableRowsOfTest {
			if out, err = table.Append(out, row); err != nil {
				t.Fatal(err)
			}
		}
		if out, err = table.Flush(out); err != nil {
			t.Fatal(err)
		}
		if string(out) != want {
			t.Errorf("%s:\n%q\nwant\n%q", format, out, want)
		}
	}
}

// Rows behind the header may have names that it lacks: nothing of them is dropped in silence.
func TestTableLater(t *testing.T) {
	for _, format := range []string{"short", "csv"} {
		table, _ := NewTable(format, Options{})
		var out []byte
		for i := range tableRows {
			out, _ = table.Append(out, []Cell{{Name: "n", Text: fmt.Append(nil, i)}})
		}
		out, err := table.Append(out[:0], []Cell{{Name: "m", Text: []byte("late")}})
		if (err != nil) != (format == "csv") || err == nil && string(out) != "- m=late\n" {
			t.Errorf("%s: %q, %v", format, out, err)
		}
	}
}
