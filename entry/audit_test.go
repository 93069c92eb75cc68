package entry

import (
	"encoding/json"
	"testing"
)

// TestAuditValue: what a member of extra becomes can be told from any other, and is itself if it is plain text.
func TestAuditValue(t *testing.T) {
	for text, want := range map[string]string{
		`"CRM"`: "CRM", `"12"`: `"12"`, `12`: "12", `true`: "true", `"true"`: `"true"`, `""`: "", `"{}"`: `"{}"`,
		`"a\"b"`: `a"b`, `"\"b\""`: `"\"b\""`, `{"a":1}`: `{"a":1}`, `"é\n"`: "é\n", `null`: "null", `" 1 "`: `" 1 "`,
	} {
		got := AuditValue([]byte(text))
		if string(got) != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		w := objectWriter{out: []byte("{"), flags: ZatoUnicode}
		w.value(got)
		var before, after any
		if json.Unmarshal([]byte(text), &before) != nil || json.Unmarshal(w.out[1:], &after) != nil || string(mustJSON(t, before)) != string(mustJSON(t, after)) {
			t.Errorf("%s: comes back as %s", text, w.out[1:])
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAppendAudit: the order of the keys is that of Zato, and what is empty is left out.
func TestAppendAudit(t *testing.T) {
	private := Field{Name: "current_user", Value: make([]byte, DigestSize), Form: Private}
	erased := private
	erased.Erased = true
	for want, fields := range map[string][]Field{
		`{"cid": "", "op": ""}`:                               nil,
		`{"cid": "c", "op": "o", "result": "ok"}`:             fieldList("MESSAGE", "o", "result", "ok", "op", "o", "cid", "c", "target_user", ""),
		`{"cid": "", "op": "", "current_user": "<private>"}`:  {private},
		`{"cid": "", "op": "", "current_user": "<erased>"}`:   {erased},
		`{"cid": "", "op": "", "extra": {"a": 1, "b": "x"}}`:  fieldList("extra.a", "1", "extra.b", "x"),
		`{"cid": "", "op": "", "extra": {"a": 1, "a=b": 2}}`:  fieldList("extra.a", "1", "extra", `{"a=b": 2}`),
		`{"cid": "", "op": "", "extra": "text"}`:              fieldList("extra", "text"),
		`{"cid": "", "op": "", "extra": [1]}`:                 fieldList("extra", "[1]"),
		`{"cid": "", "op": "\u00e9\ud83d\ude00\n\u0000\\\""}`: fieldList("op", "é😀\n\x00\\\""),
	} {
		e := Entry{Fields: fields}
		if got := string(AppendAudit(nil, &e)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if !json.Valid([]byte(want)) {
			t.Errorf("%s is no JSON", want)
		}
	}
}
