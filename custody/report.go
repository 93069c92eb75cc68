package custody

import "time"

// Report is what a session comes to.
type Report struct {
	Session  string     `json:"session"`
	Station  string     `json:"station"`
	Opened   *time.Time `json:"opened"` // by the clock of the sender; null: no entry says so
	Closed   *time.Time `json:"closed"`
	Result   Result     `json:"result"` // complete or aborted; empty: the session is not closed
	Reason   string     `json:"reason"` // of aborted
	Partial  bool       `json:"partial"`
	Counts   Counts     `json:"counts"` // of the events at hand
	Engines  []Engine   `json:"engines"`
	Media    []Medium   `json:"media"`
	Writers  []string   `json:"writers"` // who wrote the events, as the kernel told the journal
	Files    []File     `json:"files"`
	Findings []Finding  `json:"findings"`
}

// Good reports whether nothing is missing and nothing differs.
func (r *Report) Good() bool { return len(r.Findings) == 0 }

// The standings of a file with regard to one question.
const (
	Unscanned = "unscanned" // verdict: no engine has judged the content that was read

	Delivered   = "delivered"   // the content that was read
	Undelivered = "undelivered" // and nobody says that it was
	Failed      = "failed"      // delivering it was tried, or passed over, and an entry says so
	Other       = "other"       // another content was delivered
	Removed     = "removed"     // from the destination, after it was delivered

	Same      = "same"      // on the medium is what was delivered
	Differs   = "differs"   // on the medium is something else
	Missing   = "missing"   // delivered, and not on the medium
	Absent    = "absent"    // not delivered, and not on the medium
	Intruding = "intruding" // not delivered, and on the medium
	Unchecked = "unchecked" // no medium was looked at
)

// File is what a session says of one path.
type File struct {
	Path     Path       `json:"path"`
	Size     int64      `json:"size"`   // as read; -1: not known
	SHA256   string     `json:"sha256"` // as read; empty: not known
	MD5      string     `json:"md5"`
	MIME     string     `json:"mime"`
	ReadAt   *time.Time `json:"read_at"`
	Verdict  string     `json:"verdict"` // clean, infected, error, skipped, unscanned
	Scans    []Scan     `json:"scans"`
	Copied   string     `json:"delivered"` // delivered, undelivered, failed, other, removed
	CopiedAt *time.Time `json:"delivered_at"`
	Reason   string     `json:"reason"` // of an error, or of what was skipped
	Medium   string     `json:"medium"` // same, differs, missing, absent, intruding, unchecked

	sha     SHA256 // of what was read
	sent    *Step  // how it was delivered last; nil: it was not
	onFiles bool
}

// Scan is the judgement of one engine on one path.
type Scan struct {
	Engine Engine    `json:"engine"`
	Result Result    `json:"result"`
	Threat string    `json:"threat"`
	Reason string    `json:"reason"`
	Same   bool      `json:"same_content"` // as was read
	SHA256 string    `json:"sha256"`       // empty: not known
	At     time.Time `json:"at"`
	index  uint64
	sha    SHA256
}
