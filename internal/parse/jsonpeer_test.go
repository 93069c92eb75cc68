package parse

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"

	"constat/entry"

	"pgregory.net/rapid"
)

// pythonLines prints objects as json.dumps does unasked, with text of every kind in keys and values.
const pythonLines = `
import json
for text in ['plain', 'Jürgen', '\U0001f512 "quoted" \\\\ back', 'tab\\t line\\n \\x00 \\x1f \\x7f', 'a/b <c> & d', '\\u00a0\\uffff']:
    print(json.dumps({'_a' + text: text, 'n': 1.5, 'list': [text, 'x'], 'o': {text: [text, None]}}))
`

// TestPythonObjects: what Python prints is not kept beside its fields.
func TestPythonObjects(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no Python; install Debian's python3")
	}
	out, err := exec.Command(python, "-c", pythonLines).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != 6 {
		t.Fatalf("%d lines", len(lines))
	}
	p := New(JSONLines, Options{})
	for _, line := range lines {
		var e entry.Entry
		if p.Parse(&e, line, testTime); e.Renderer != entry.RenderJSON {
			t.Errorf("kept beside its fields: %s", line)
		}
	}
}

// TestGoObjects is the same for what encoding/json prints.
func TestGoObjects(t *testing.T) {
	p := New(JSONLines, Options{})
	rapid.Check(t, func(t *rapid.T) {
		object := map[string]any{"name": rapid.StringMatching(`[a-zé<>&/_ \x{2028}]*`).Draw(t, "text"), "n": 7, "_x": []string{"a<b", "ü"}}
		line, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		var e entry.Entry
		if p.Parse(&e, line, testTime); e.Renderer != entry.RenderJSON {
			t.Fatalf("kept beside its fields: %s", line)
		}
	})
}
