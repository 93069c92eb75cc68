package config

import (
	"fmt"
	"path/filepath"
	"time"

	"constat/journal/layout"
)

// Audit says where the entries of the journal audit go besides it.
type Audit struct {
	// File is an audit-pii.log as Zato writes it, with up to ten older ones beside it. Default: none, because what
	// stands in a flat file cannot be erased.
	File string `yaml:"file"`
}

// validate finds a file that is none.
func (a Audit) validate() (found []problem) {
	switch {
	case a.File == "":
	case !filepath.IsAbs(a.File):
		found = append(found, problem{"audit.file", fmt.Sprintf("%q: want an absolute path, such as /var/log/audit-pii.log", a.File)})
	case filepath.Clean(a.File) != a.File:
		found = append(found, problem{"audit.file", fmt.Sprintf("%q: want the path of a file, such as %s", a.File, filepath.Clean(a.File))})
	}
	return found
}

// validateAudit finds a floor that would let the journal audit be thinned out.
func (r Retention) validateAudit() (found []problem) {
	least := layout.DefaultFloor(layout.AuditName)
	if k, named := r.Journals[layout.AuditName]; named && k.Floor != 0 && time.Duration(k.Floor) < least {
		text := fmt.Sprintf("the journal audit keeps at least %d days: leave it out, or say more", least/(24*time.Hour))
		found = append(found, problem{"retention.journals.audit.floor", text})
	}
	return found
}
