package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"constat/entry"
	"constat/seal"
)

// Format names the format of an evidence file, which has the number of that of the entries.
const Format = "constat-evidence/" + string(rune('0'+entry.Version))

// The files of the zip. Those of the first group say what was asked and found: their hashes stand in the exported
// entry, the page with its proof block empty. Those of the second come after that entry and prove it all.
const (
	pageName      = "CERTIFICATE.html"
	readmeName    = "README.txt"
	identityName  = "identity.txt"
	questionName  = "question.json"
	entriesName   = "entries.jsonl"
	leavesName    = "leaves.bin"
	disclosedName = "disclosed.bin"

	proofName     = "proof.json"
	withheldName  = "withheld.bin"
	supportName   = "support.bin"
	policyName    = "policy"
	sumsName      = "SHA256SUMS"
	certificates  = "seals/certificate-" // and a generation number
	sealsPrefix   = "seals/seal-"        // and a counter, .json
	checkpoints   = "checkpoint/"        // and a journal
	witnessed     = "witnessed/"         // and a journal, a dash and a size
	anchorsPrefix = "anchors/"           // and a journal, a dash and a size; the token with .tsr
	tokenSuffix   = ".tsr"
	entryPrefix   = "entry/" // and a journal, a dash and an index, .leaf or .tlog-proof
	leafSuffix    = ".leaf"
	proofSuffix   = ".tlog-proof"
	systemName    = "system"
)

// readable are the files of the first group.
var readable = []string{pageName, readmeName, disclosedName, entriesName, identityName, leavesName, questionName}

// Question is what was asked of a store, and what of it is shown.
type Question struct {
	Format   string  `json:"format"`
	Text     string  `json:"question"` // as it was asked
	By       string  `json:"asked_by"` // who asked, as the program that made the file says; may be empty
	Made     string  `json:"made"`     // time by the clock of that program, RFC 3339 in UTC
	Store    string  `json:"store"`    // id in hex
	Origin   string  `json:"origin"`
	Code     string  `json:"code"`
	Logged   bool    `json:"logged"` // an exported entry holds the hashes of the files
	Page     uint32  `json:"page"`   // number of the form of page, README.txt and identity.txt
	Journals []Asked `json:"journals"`
	// Session is the session of custody that is asked about; nil: none.
	Session *SessionQuestion `json:"session,omitempty"`
}

// Asked is what is shown of one journal. From and To are the window, To excluded; the counters are those of the seals
// at its two ends, null if there is none: the window then begins with the journal, or ends with a checkpoint.
type Asked struct {
	Name     string  `json:"name"`
	Origin   string  `json:"origin"`
	From     uint64  `json:"from"`
	To       uint64  `json:"to"`
	FromSeal *uint64 `json:"from_seal"`
	ToSeal   *uint64 `json:"to_seal"`
	Sealed   string  `json:"sealed"` // time of the seal at the end, RFC 3339 in UTC, or empty
	Shown    []run   `json:"shown"`
}

// MarshalJSON writes a run as [first,count].
func (r run) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "[%d,%d]", r.First, r.Count), nil }

// UnmarshalJSON is the inverse of [run.MarshalJSON].
func (r *run) UnmarshalJSON(data []byte) error {
	var pair []uint64
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return errors.New("a range is a pair of numbers")
	}
	r.First, r.Count = pair[0], pair[1]
	return nil
}

// proof is what proof.json says: where to look for what proves the shown entries.
type proof struct {
	Format   string         `json:"format"`
	Exported *uint64        `json:"exported"` // index in the system journal of the entry that holds the hashes; null: not logged
	Journals []journalProof `json:"journals"` // sorted by name: those asked, and system
}

// journalProof is one tree. Its size and root are those of its checkpoint.
type journalProof struct {
	Name    string `json:"name"`
	Origin  string `json:"origin"`
	Size    uint64 `json:"size"`
	Support []run  `json:"support"` // leaves in support.bin, of the system journal only
	Hashes  uint64 `json:"hashes"`  // in withheld.bin
}

// formatJSON prints the one spelling of a JSON file.
func formatJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("evidence: " + err.Error()) // only plain values are encoded
	}
	return b.Bytes()
}

// parseJSON is the inverse of formatJSON: it accepts only what that prints.
func parseJSON(name string, data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, err := d.Token(); err != io.EOF || !bytes.Equal(formatJSON(v), data) {
		return fmt.Errorf("%s: not in its one spelling", name)
	}
	return nil
}

func parseQuestion(data []byte) (q Question, err error) {
	if err = parseJSON(questionName, data, &q); err != nil {
		return q, err
	}
	if q.Format == "constat-evidence/0" && q.Format != Format {
		return q, fmt.Errorf("%s: made before the format was fixed: ask for it again", questionName)
	}
	if q.Format != Format {
		return q, fmt.Errorf("%s: format %q is not one that this program knows (%s): use a newer one", questionName, q.Format, Format)
	}
	if err := q.Session.check(); err != nil {
		return q, fmt.Errorf("%s: %w", questionName, err)
	}
	for i, j := range q.Journals {
		if !validJournal(j.Name) || i > 0 && q.Journals[i-1].Name >= j.Name || j.From > j.To || j.To > maxSize {
			return q, fmt.Errorf("%s: journal %q is out of order, or its window is none", questionName, j.Name)
		}
		if err := checkRuns(j.Shown, j.To); err != nil || len(j.Shown) > 0 && j.Shown[0].First < j.From {
			return q, fmt.Errorf("%s: journal %s: what is shown lies outside the window", questionName, j.Name)
		}
	}
	return q, nil
}

// maxSize is the number of entries above which a journal is not believed.
const maxSize = 1 << 56

func parseProof(data []byte) (p proof, err error) {
	if err = parseJSON(proofName, data, &p); err != nil {
		return p, err
	}
	if p.Format != Format {
		return p, fmt.Errorf("%s: format %q, want %s", proofName, p.Format, Format)
	}
	for i, j := range p.Journals {
		if !validJournal(j.Name) || i > 0 && p.Journals[i-1].Name >= j.Name || j.Size > maxSize {
			return p, fmt.Errorf("%s: journal %q is out of order", proofName, j.Name)
		}
		if err := checkRuns(j.Support, j.Size); err != nil || len(j.Support) > 0 && j.Name != systemName {
			return p, fmt.Errorf("%s: journal %s: supporting entries out of order", proofName, j.Name)
		}
	}
	return p, nil
}

// validJournal reports whether a name can be that of a journal, and of a file.
func validJournal(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	return name != "" && len(name) <= seal.MaxName && strings.Trim(name, letters+"-_") == "" && strings.IndexByte(letters, name[0]) >= 0
}

// originOf reports whether an origin is that of a journal of a store, see [Log].
func originOf(store, journal, origin string) bool {
	rest, ok := strings.CutPrefix(origin, store+"/"+journal)
	if id, successor := strings.CutPrefix(rest, "."); successor {
		return len(id) == 16 && strings.Trim(id, "0123456789abcdef") == ""
	}
	return ok && rest == ""
}

// asked returns what is asked of a journal.
func (q *Question) asked(name string) Asked {
	if i := slices.IndexFunc(q.Journals, func(a Asked) bool { return a.Name == name }); i >= 0 {
		return q.Journals[i]
	}
	return Asked{Name: name}
}

// shown counts the entries that are shown, of all journals.
func (q *Question) shown() (n uint64) {
	for _, j := range q.Journals {
		n += count(j.Shown)
	}
	return n
}
