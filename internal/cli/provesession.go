package cli

import (
	"os"

	"constat/custody"
	"constat/evidence"
	"constat/journal/layout"

	"github.com/spf13/cobra"
)

// sessionFlags are the flags of "prove" for a session of custody.
type sessionFlags struct{ session, file, lang string }

func (f *sessionFlags) add(c *cobra.Command) {
	s := c.Flags()
	s.StringVar(&f.session, "session", "", "prove the session `ID` of custody")
	s.StringVar(&f.file, "file", "", "with --session: only this `PATH`; nothing about the other files is shown")
	s.StringVar(&f.lang, "lang", "", "with --session: the language that the page shows first, en (default) or fr")
	complete(c, "lang", "en", "fr")
}

// ask makes the selection of prove that of a session. Mistakes are found here.
func (f *sessionFlags) ask(p *proveFlags) error {
	switch {
	case f.session == "" && f.file+f.lang != "":
		return usage("--file and --lang belong to --session ID")
	case f.session == "":
		return nil
	case !custody.ValidSession(f.session):
		return usage("--session %q cannot be the id of a session", f.session)
	case f.lang != "" && f.lang != "en" && f.lang != "fr":
		return usage("--lang %q: want en or fr", f.lang)
	case p.form == "tlog-proof":
		return usage("--format tlog-proof proves one entry, --session many; use html or zip")
	}
	if f.file != "" {
		if err := custody.CheckPath(f.file); err != nil {
			return usage("--file: %w", err)
		}
	}
	if len(p.journals) == 0 {
		p.journals = []string{layout.AuditName}
	}
	p.also = conjunction{sessionFilter(f.session, f.file)}
	return nil
}

// question is what the evidence says of the session; nil: it is about none.
func (f *sessionFlags) question() *evidence.SessionQuestion {
	if f.session == "" {
		return nil
	}
	q := &evidence.SessionQuestion{ID: f.session, Lang: "en", File: []byte(f.file)}
	if f.lang != "" {
		q.Lang = f.lang
	}
	return q
}

// pageEntries is how many entries a page holds.
func (f *sessionFlags) pageEntries() int {
	if f.session != "" {
		return evidence.MaxSessionRows
	}
	return maxPageEntries
}

// hand makes the proof of a session readable for those whom it is for.
func (f *sessionFlags) hand(name string) error {
	if f.session == "" {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm()&0o044 == 0o044 { // a file system without modes
		return err
	}
	return os.Chmod(name, 0o644)
}
