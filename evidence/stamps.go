package evidence

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"constat/seal"
)

// What control entries of the journal system say of time stamps.
const (
	controlStamped = "timestamped"
	tokenField     = "TOKEN" // DER
)

// Stamped is a checkpoint with the answer of a time-stamping authority about its bytes (RFC 3161, DER). It must not be beyond
// that of its log.
type Stamped struct {
	Journal string
	Signed  []byte
	Token   []byte
}

// stampedNote is a stamped checkpoint of a journal at some size.
type stampedNote struct {
	witnessedNote
	token []byte
}

func (s *stampedNote) file() string {
	return fmt.Sprintf("%s%s-%d", anchorsPrefix, s.journal, s.size)
}

// loadStamp reads one file of a stamped checkpoint: the token follows what it is about.
func (c *contents) loadStamp(f file) error {
	name, isToken := strings.CutSuffix(f.name, tokenSuffix)
	journal, size, ok := splitNumber(name[len(anchorsPrefix):])
	if !ok {
		return fmt.Errorf("%w: %s", errContents, f.name)
	}
	n := len(c.stamped)
	switch {
	case !isToken && (n == 0 || c.stamped[n-1].token != nil):
		c.stamped = append(c.stamped, stampedNote{witnessedNote: witnessedNote{journal, size, f.data}})
	case isToken && n > 0 && c.stamped[n-1].token == nil && c.stamped[n-1].file() == name:
		c.stamped[n-1].token = f.data
	default:
		return fmt.Errorf("%w: %s stands without its other half", errContents, f.name)
	}
	return nil
}

// addStamps adds stamped checkpoints of the logs.
func (c *contents) addStamps(list []Stamped, logs []Log) error {
	for _, s := range list {
		for _, l := range logs {
			if l.Name() != s.Journal {
				continue
			}
			point, err := c.chain.open(s.Signed, l.Origin())
			if err != nil {
				return fmt.Errorf("stamped checkpoint of journal %s: %w", s.Journal, err)
			}
			x := stampedNote{witnessedNote{s.Journal, point.Size, s.Signed}, s.Token}
			if _, ok := find(c.files, x.file()); ok {
				continue // of one size one is enough
			}
			c.stamped = append(c.stamped, x)
			c.put(x.file(), x.signed)
			c.put(x.file()+tokenSuffix, x.token)
		}
	}
	return nil
}

// checkStamps checks that every token is about its checkpoint, and that about the journal. Who signed it is for somebody with
// the certificates of the authority.
func (v *verifier) checkStamps() {
	var texts []string
	checked := false
	for i := range v.stamped {
		s := &v.stamped[i]
		t, err := seal.ParseTimestamp(s.token)
		if err == nil && !t.Stamps(s.signed) {
			err = errors.New("the token is about something else than the checkpoint beside it")
		}
		if err == nil && !v.isSigned(s.witnessedNote) {
			err = errors.New("the stamped checkpoint is not one of this journal")
		}
		if err != nil {
			v.report.find("timestamp", s.file()+tokenSuffix, s.journal, err.Error())
			continue
		}
		text, good := v.stampText(s, t)
		texts, checked = append(texts, text), checked || good
	}
	r, text := v.report, strings.Join(texts, "; ")
	switch {
	case r.failed("timestamp"):
		r.check("timestamp", Failed, "a time stamp is not about this journal")
	case v.options.StampRoots != nil && checked:
		r.check("timestamp", Proved, "%s", text)
	case v.options.StampRoots != nil:
		r.check("timestamp", Open, "no time stamp leads to the CA given%s", strings.Join(append([]string{""}, texts...), "; "))
		v.below = append(v.below, "not time-stamped")
	case len(texts) > 0:
		r.check("timestamp", Unclear, "%s", text)
	}
}

// stampText says what a token says, and where that stands: behind what is shown, or before it. good: it is signed under the
// CA given.
func (v *verifier) stampText(s *stampedNote, t *seal.Timestamp) (text string, good bool) {
	text = fmt.Sprintf("%d entries of journal %s were there at %s", s.size, s.journal, t.Time.UTC().Format(time.RFC3339))
	covered := true
	for i := range v.question.Journals {
		_, ok := v.covers(&cosigned{journal: s.journal, size: s.size}, &v.question.Journals[i])
		covered = covered && ok
	}
	if covered {
		text += ", and what is shown"
	}
	if index, ok := v.stampedBefore(s); ok {
		text += fmt.Sprintf(", and what is shown came later, behind entry %d of journal %s, which holds this stamp", index, systemName)
	}
	if v.options.StampRoots == nil {
		return text + fmt.Sprintf("; whether an authority signed that is found with: openssl ts -verify -data %s -in %s%s -CAfile CA.pem", s.file(), s.file(), tokenSuffix), false
	}
	if err := t.Check(v.options.StampRoots); err != nil {
		return text + ", says somebody: " + err.Error(), false
	}
	v.stampedAfter = v.stampedAfter || covered
	return text + " (signed by an authority under the CA given)", true
}

// stampedBefore looks for an entry that holds a token and stands before all that is shown.
func (v *verifier) stampedBefore(s *stampedNote) (uint64, bool) {
	for index, e := range v.controls() {
		note, _ := observed(e, checkpointField)
		token, _ := observed(e, tokenField)
		if what, _ := observed(e, "CONTROL"); what == controlStamped && note == string(s.signed) && token == string(s.token) && v.isBefore(index) {
			return index, true
		}
	}
	return 0, false
}

// isBefore reports whether an entry of system stands before all that is shown.
func (v *verifier) isBefore(index uint64) bool {
	for i := range v.question.Journals {
		if a := &v.question.Journals[i]; len(a.Shown) > 0 {
			if limit, _ := v.behind(a); index >= limit {
				return false
			}
		}
	}
	return v.question.shown() > 0
}
