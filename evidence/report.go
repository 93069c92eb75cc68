package evidence

import (
	"crypto/x509"
	"fmt"

	"constat/seal"
)

// Verdict is the result of a check; its number is the exit status of "verify".
type Verdict int

// The verdicts.
const (
	Verified   Verdict = iota // everything that the file says is proved, as far as it was asked to be
	Tampered                  // something in it is not what was signed
	Below                     // sound, but not pinned, or below the policy
	Unreadable                // not an evidence file, or newer than this program
)

var verdictNames = [...]string{"verified", "tampered", "below", "unreadable"}

// String is the name of the verdict.
func (v Verdict) String() string { return verdictNames[v] }

// MarshalText makes the verdict its name in JSON.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Status is what is known of one claim.
type Status string

// The statuses. Nothing that was not checked is said to be fine.
const (
	Proved  Status = "proved"
	Failed  Status = "failed"
	Open    Status = "open" // nothing in the file says so
	Unclear Status = "unchecked"
)

// Check is one claim with what came of it. The codes are stable: integrity, order, completeness, sealed, not-after,
// not-before, timestamp, redacted, logged, page, trust.
type Check struct {
	Code   string `json:"code"`
	Status Status `json:"status"`
	Text   string `json:"text"`
}

// Finding is one thing that is wrong.
type Finding struct {
	Rule    string  `json:"rule"` // the code of the check that failed, or "format"
	File    string  `json:"file"` // of the zip
	Journal string  `json:"journal"`
	First   *uint64 `json:"first"` // index; null: it is about no index
	Last    *uint64 `json:"last"`
	Text    string  `json:"text"`
}

// String is the finding as one line.
func (f Finding) String() string {
	place := f.File
	if f.Journal != "" {
		place += " journal " + f.Journal
	}
	if f.First != nil && f.Last != nil {
		place += fmt.Sprintf(" entries %d to %d", *f.First, *f.Last)
	}
	return fmt.Sprintf("%s: %s: %s", f.Rule, place, f.Text)
}

// JournalReport says what is proved of one journal.
type JournalReport struct {
	Name     string `json:"name"`
	Origin   string `json:"origin"`
	From     uint64 `json:"from"` // the window, To excluded
	To       uint64 `json:"to"`
	Shown    uint64 `json:"shown"`
	Withheld uint64 `json:"withheld"`
	First    string `json:"first_received"` // of what is shown; empty if nothing is
	Last     string `json:"last_received"`
	Size     uint64 `json:"size"` // of the tree
	Root     string `json:"root"`
}

// Report is the result of checking an evidence file.
type Report struct {
	Verdict   Verdict         `json:"verdict"`
	Title     string          `json:"title"` // the verdict in words
	Question  string          `json:"question"`
	Made      string          `json:"made"`
	Origin    string          `json:"origin"`
	Code      string          `json:"code"`   // that the file has
	Pinned    string          `json:"pinned"` // where the code comes from that it must have; empty: it vouches for itself
	Shown     uint64          `json:"shown"`
	Withheld  uint64          `json:"withheld"`
	Erased    uint64          `json:"erased"`    // values of shown entries
	Disclosed uint64          `json:"disclosed"` // private values of shown entries
	Long      uint64          `json:"long"`      // values that were moved out of shown entries, and are disclosed
	Journals  []JournalReport `json:"journals"`
	Checks    []Check         `json:"checks"`
	Findings  []Finding       `json:"findings"`
}

// Options of a check.
type Options struct {
	Code     *seal.Code // that the file must have; nil: it vouches for itself
	PinnedBy string     // where the code comes from
	// Policy says who besides the log has signed a checkpoint; nil: the witnesses are not looked at.
	Policy *seal.Policy
	// StampRoots are the roots by which time stamps are checked; nil: they are shown and not checked.
	StampRoots *x509.CertPool
}

// find adds a finding; indexes are given as first and last, or not at all.
func (r *Report) find(rule, file, journal, text string, indexes ...uint64) {
	f := Finding{Rule: rule, File: file, Journal: journal, Text: text}
	if len(indexes) == 2 {
		f.First, f.Last = &indexes[0], &indexes[1]
	}
	r.Findings = append(r.Findings, f)
}

func (r *Report) check(code string, s Status, format string, args ...any) {
	r.Checks = append(r.Checks, Check{code, s, fmt.Sprintf(format, args...)})
}

// failed reports whether there is a finding under one of the rules.
func (r *Report) failed(rules ...string) bool {
	for _, f := range r.Findings {
		for _, rule := range rules {
			if f.Rule == rule {
				return true
			}
		}
	}
	return false
}

// status is proved unless there is a finding under the rules.
func (r *Report) status(rules ...string) Status {
	if r.failed(rules...) {
		return Failed
	}
	return Proved
}
