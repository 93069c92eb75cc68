package native

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"constat/entry"
)

// witnessed are the fields that a recorder (op "record") may say that it has observed: it is of its clients, not of
// itself, that it speaks. ofRecorder are those that it does not get from the daemon for that reason.
var (
	witnessed  = []string{"_TRANSPORT", "_SOURCE_ADDR", "_SOURCE_PORT", "_TLS_PEER", "_TLS_FINGERPRINT", "_VIA", "_FRAMING"}
	ofRecorder = []string{"_TRANSPORT", "_PID", "_UID", "_GID", "_COMM", "_EXE", "_CMDLINE"}
)

// witness makes an entry what a recorder may say. Root and the user of the daemon could write into the store itself:
// what they observe is observed, and what they lose is a loss. What others say of their clients is a claim of theirs,
// whose name loses its underscore.
func (c *session) witness(e *entry.Entry) error {
	trusted := c.trusted()
	if e.Kind != entry.Loss || !trusted {
		e.Kind = entry.Event
	}
	for i := range e.Fields {
		f := &e.Fields[i]
		seen := f.Provenance == entry.Observed && (e.Kind == entry.Loss || slices.Contains(witnessed, f.Name))
		if f.Form != entry.Inline || f.Provenance != entry.Claimed && !seen {
			return fmt.Errorf("field %q: a recorder sends claimed values and %s", f.Name, strings.Join(witnessed, ", "))
		}
		if !trusted && seen {
			f.Name, f.Provenance = strings.TrimPrefix(f.Name, "_"), entry.Claimed
		}
	}
	for _, f := range c.fields {
		if !trusted || !slices.Contains(ofRecorder, f.Name) {
			e.Fields = append(e.Fields, f)
		}
	}
	return nil
}

// trusted reports whether the client is root or the user of the daemon.
func (c *session) trusted() bool {
	uid := int(c.cred.Uid)
	return uid == 0 || uid == os.Geteuid()
}
