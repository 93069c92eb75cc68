package config

import (
	"fmt"

	"constat/entry"
	"constat/journal/layout"
)

// Private names fields whose values are kept so that they can be erased.
type Private struct {
	Fields []string `yaml:"fields"`
	// Journal and Tag (SYSLOG_IDENTIFIER) limit the rule to some entries. Default: all.
	Journal string `yaml:"journal"`
	Tag     string `yaml:"tag"`
}

// validatePrivate finds rules about fields and journals that cannot be.
func validatePrivate(rules []Private) (found []problem) {
	for i, r := range rules {
		key := fmt.Sprintf("private[%d]", i)
		if len(r.Fields) == 0 {
			found = append(found, problem{key + ".fields", "is missing: want a list of names, such as [EMAIL]"})
		}
		for n, name := range r.Fields {
			if !entry.ValidName(name) {
				found = append(found, problem{fmt.Sprintf("%s.fields[%d]", key, n), fmt.Sprintf("%q names no field", name)})
			}
		}
		if r.Journal == "" {
			continue
		}
		if err := layout.ValidJournalName(r.Journal); err != nil {
			found = append(found, problem{key + ".journal", err.Error()})
		}
	}
	return found
}
