package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fields are the members of an entry as JSON has them: strings, {"base64":"…"}, arrays of these, and nil for none.
type fields map[string]any

// testCase is one folder.
type testCase struct {
	name  string
	dir   string
	input []byte
}

// cases returns the cases of a kind. A folder that has anything but an input and an expected.json is an error, and so
// is a kind without cases.
func cases(t *testing.T, kind string) (all []testCase) {
	t.Helper()
	folders, err := os.ReadDir(kind)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		c := testCase{name: folder.Name(), dir: filepath.Join(kind, folder.Name())}
		files, err := os.ReadDir(c.dir)
		if err != nil {
			t.Fatalf("%s is not a case: %v", c.dir, err)
		}
		for _, file := range files {
			if name := file.Name(); name != "input" && name != expectedName {
				t.Errorf("%s: nobody knows what %s is", c.dir, name)
			}
		}
		if c.input, err = os.ReadFile(filepath.Join(c.dir, "input")); err != nil {
			t.Errorf("%s: %v", c.dir, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		t.Fatalf("no case in %s", kind)
	}
	return all
}

const expectedName = "expected.json"

// read fills what with the expected values. A case that has none yet is an error unless they are to be written.
func (c testCase) read(t *testing.T, what any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, expectedName))
	if os.IsNotExist(err) && *update {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(what); err != nil {
		t.Fatalf("%s/%s: %v", c.dir, expectedName, err)
	}
}

func (c testCase) write(t *testing.T, what any) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(what); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, expectedName), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// same reports whether two values of JSON are equal.
func same(a, b any) bool {
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// octetsOf returns the bytes that a value of JSON stands for.
func octetsOf(value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		return []byte(v), nil
	case map[string]any:
		if coded, ok := v["base64"].(string); ok && len(v) == 1 {
			return base64.StdEncoding.DecodeString(coded)
		}
	}
	return nil, fmt.Errorf("%v stands for no octets", value)
}

// anyYear stands for the year that a time without one gets.
const anyYear = "YYYY"

// yearOf puts the year into a time that has anyYear.
func yearOf(want string, received time.Time) string {
	rest, found := strings.CutPrefix(want, anyYear)
	for year := received.Year() + 1; found && year > received.Year()-9; year-- {
		text := fmt.Sprintf("%04d%s", year, rest)
		at, err := time.Parse("2006-01-02T15:04:05Z07:00", text)
		if err != nil {
			at, err = time.Parse("2006-01-02T15:04:05", text)
		}
		if err == nil && !at.After(received.Add(24*time.Hour)) {
			return text
		}
	}
	return want
}
