package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"constat/entry"
)

// facility is that of the syslog protocol for audit logs.
const facility = "13"

// remoteAddr is the member of extra that [RemoteAddr] sets.
const remoteAddr = "remote_addr"

// maxLevel is debug.
const maxLevel = 7

// outgoing is an entry on its way, and which of its fields are private.
type outgoing struct {
	entry   entry.Entry
	private []string
}

// entry makes an entry of what a caller says.
func (c *Client) entry(level Level, cid, op string, options []Option) (*outgoing, error) {
	said := call{level: level, cid: cid, op: op, at: time.Now(), private: slices.Clone(c.Private)}
	for _, o := range options {
		o(&said)
	}
	if level < 0 || level > maxLevel {
		return nil, fmt.Errorf("audit: level %d: want 0 to %d", level, maxLevel)
	}
	o := &outgoing{}
	if !slices.Contains(said.private, entry.AuditOp) {
		o.add("MESSAGE", op)
	}
	o.add("PRIORITY", strconv.Itoa(int(level)))
	o.add("SYSLOG_FACILITY", facility)
	o.add("SYSLOG_IDENTIFIER", c.app())
	o.add(entry.AuditCID, cid)
	o.add(entry.AuditOp, op)
	o.addUnlessEmpty(entry.AuditCurrent, said.current)
	o.addUnlessEmpty(entry.AuditTarget, said.target)
	o.addUnlessEmpty(entry.AuditResult, said.result)
	if err := o.addExtras(&said); err != nil {
		return nil, err
	}
	o.entry.Event = eventTime(said.at)
	o.hide(said.private)
	return o, nil
}

func (c *Client) app() string {
	if c.App != "" {
		return c.App
	}
	return filepath.Base(os.Args[0])
}

func eventTime(t time.Time) entry.Time {
	if t.IsZero() {
		return entry.Time{}
	}
	return entry.Time{Micros: t.UnixMicro(), Digits: 6, Zone: "Z", Valid: true}
}

func (o *outgoing) add(name, value string) { o.entry.AddString(name, value, entry.Claimed) }

func (o *outgoing) addUnlessEmpty(name, value string) {
	if value != "" {
		o.add(name, value)
	}
}

// hide notes which fields are private. "extra" is all of it.
func (o *outgoing) hide(names []string) {
	for i := range o.entry.Fields {
		name := o.entry.Fields[i].Name
		hidden := slices.Contains(names, name)
		if strings.HasPrefix(name, entry.AuditPrefix) || name == entry.AuditExtra {
			hidden = hidden || slices.Contains(names, entry.AuditExtra)
		}
		if hidden && !slices.Contains(o.private, name) {
			o.private = append(o.private, name)
		}
	}
}

// addExtras adds a field for each member of extra, in their order, and one for all those whose keys cannot name a field.
func (o *outgoing) addExtras(said *call) error {
	rest := []byte{'{'}
	add := func(key string, text json.RawMessage) {
		if key == remoteAddr && said.remote != "" {
			return
		}
		if name := entry.AuditPrefix + key; entry.ValidName(name) {
			o.entry.Add(name, entry.AuditValue(text), entry.Claimed)
			return
		}
		if len(rest) > 1 {
			rest = append(rest, ',')
		}
		quoted, _ := json.Marshal(key) // a string always can be
		rest = append(append(append(rest, quoted...), ':'), text...)
	}
	for _, object := range said.extra {
		if err := members(object, add); err != nil {
			return fmt.Errorf("audit: extra: %w", err)
		}
	}
	if said.remote != "" {
		o.add(entry.AuditPrefix+remoteAddr, said.remote)
	}
	if len(rest) > 1 {
		o.entry.Add(entry.AuditExtra, append(rest, '}'), entry.Claimed)
	}
	return nil
}

// members calls add with each member of what encoding/json makes of a value; nil has none.
func members(object any, add func(key string, text json.RawMessage)) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return err
	}
	decoder := json.NewDecoder(&text)
	begin, err := decoder.Token()
	if err != nil || begin == nil {
		return err
	}
	if begin != json.Delim('{') {
		return fmt.Errorf("%T is no JSON object: want a map or a struct", object)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		add(key.(string), value)
	}
	return nil
}
