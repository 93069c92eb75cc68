package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"constat/journal/layout"
	"constat/seal"
)

// AskedWitness is a witness that cosigns journals of this store.
type AskedWitness struct {
	// VKey is the verifier key of the witness, as "constat status" prints it there.
	VKey string `yaml:"vkey"`
	// URL is where it takes checkpoints: its submission prefix, such as http://other.example:8514/witness.
	URL string `yaml:"url"`
	// Journals are offered to it. Default: system, whose seals hold the others.
	Journals []string `yaml:"journals"`
	// Every is the shortest time between two offers of a journal that grows. Default 10s.
	Every Duration `yaml:"every"`
}

// Cosigner is the key of the witness.
func (w AskedWitness) Cosigner() (seal.Cosigner, error) { return seal.ParseCosigner(w.VKey) }

// Witness is what this daemon does for the logs of others.
type Witness struct {
	// Name is that of the key, if one is made. Default: the origin of the store and /witness.
	Name string `yaml:"name"`
	// Logs are those that it cosigns.
	Logs []WitnessedLog `yaml:"logs"`
}

// WitnessedLog is a log of somebody else.
type WitnessedLog struct {
	// VKey is the verifier key of the log, as "constat status" prints it there.
	VKey string `yaml:"vkey"`
	// Origin is the first line of its checkpoints. Default: the name of the key.
	Origin string `yaml:"origin"`
}

// Log is the origin and the key of the log.
func (l WitnessedLog) Log() (origin string, key seal.LogKey, err error) {
	key, err = seal.ParseLogKey(l.VKey)
	if origin = l.Origin; origin == "" {
		origin = key.Name
	}
	return origin, key, err
}

// Timestamp is a time-stamping authority (RFC 3161) that stamps checkpoints.
type Timestamp struct {
	// URL is where it takes requests, such as http://timestamp.example/tsr.
	URL string `yaml:"url"`
	// Every is the time between two stamps of a journal. Default 24h, at least 1m.
	Every Duration `yaml:"every"`
	// Journals are stamped. Default: system, whose seals hold the others.
	Journals []string `yaml:"journals"`
}

// journalsOr returns the journals, or system if there are none.
func journalsOr(list []string) []string {
	if len(list) == 0 {
		return []string{layout.System}
	}
	return list
}

// JournalNames are the journals that are offered.
func (w AskedWitness) JournalNames() []string { return journalsOr(w.Journals) }

// JournalNames are the journals that are stamped.
func (t Timestamp) JournalNames() []string { return journalsOr(t.Journals) }

// validateWitnesses finds what cannot hold about witnesses and time stamps.
func (c *Config) validateWitnesses() (found []problem) {
	add := func(key, text string) {
		if text != "" {
			found = append(found, problem{key, text})
		}
	}
	seen := map[string]bool{}
	for i, w := range c.Witnesses {
		key := fmt.Sprintf("witnesses[%d]", i)
		if _, err := w.Cosigner(); err != nil {
			add(key+".vkey", err.Error())
		} else if seen[w.VKey] {
			add(key+".vkey", "is named twice")
		}
		seen[w.VKey] = true
		add(key+".url", prefix(w.URL))
		add(key+".journals", journalNames(w.Journals))
	}
	if c.Witness != nil {
		found = append(found, c.Witness.validate(c.HTTP)...)
	}
	if t := c.Timestamp; t != nil {
		add("timestamp.url", prefix(t.URL))
		add("timestamp.journals", journalNames(t.Journals))
		if t.Every != 0 && t.Every < minStamp {
			add("timestamp.every", "at least 1m")
		}
	}
	return found
}

// minStamp is the shortest time between two time stamps: authorities are shared.
const minStamp = Duration(60e9)

func (w *Witness) validate(http string) (found []problem) {
	if http == Off {
		found = append(found, problem{"witness", "is reached over HTTP: it says nothing with \"http: off\""})
	}
	if w.Name != "" {
		if err := seal.ValidOrigin(w.Name); err != nil {
			found = append(found, problem{"witness.name", err.Error()})
		}
	}
	for i, l := range w.Logs {
		if _, _, err := l.Log(); err != nil {
			found = append(found, problem{fmt.Sprintf("witness.logs[%d].vkey", i), err.Error()})
		}
	}
	return found
}

// prefix says what is wrong with the address of somebody's service; "" is nothing.
func prefix(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(text, "/") {
		return fmt.Sprintf("%q: want an address such as http://other.example:8514/witness, without a slash at its end", text)
	}
	return ""
}

func journalNames(list []string) string {
	for i, name := range list {
		if err := layout.ValidJournalName(name); err != nil {
			return err.Error()
		}
		if slices.Contains(list[:i], name) {
			return fmt.Sprintf("%q is named twice", name)
		}
	}
	return ""
}
