package mqtt

import (
	"bytes"
	"encoding/json"
	"io"

	"constat/entry"
)

// maxMembers is how many members an object may have.
const maxMembers = 256

// member is one of the payload's object.
type member struct {
	key   string
	value []byte // of a string what it says, of something else its JSON text
	text  bool   // it is a string
}

// Valid reports whether a payload is an object that can be read.
func Valid(payload []byte) bool {
	_, ok := membersOf(payload)
	return ok
}

// membersOf reads the members of an object (RFC 8259, section 4) whose keys can name fields.
func membersOf(payload []byte) (list []member, ok bool) {
	if !json.Valid(payload) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		m, ok := readMember(d)
		if !ok || len(list) == maxMembers {
			return nil, false
		}
		list = append(list, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return list, err == io.EOF
}

func readMember(d *json.Decoder) (m member, ok bool) {
	key, err := d.Token()
	if err != nil {
		return m, false
	}
	if m.key, ok = key.(string); !ok || !entry.ValidName(fieldName(m.key)) {
		return m, false
	}
	var value json.RawMessage
	if err := d.Decode(&value); err != nil {
		return m, false
	}
	m.value = value
	if m.text = value[0] == '"'; m.text {
		var s string
		if err := json.Unmarshal(value, &s); err != nil {
			return m, false
		}
		m.value = []byte(s)
	}
	return m, true
}
