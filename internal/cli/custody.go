package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"constat/custody"
	"constat/journal/check"

	"github.com/spf13/cobra"
)

// custodyFlags are the flags of "custody check".
type custodyFlags struct {
	session, medium    string
	code, output, lang string
	writers            []string
}

// custodyAnswer is what "custody check -o json" prints.
type custodyAnswer struct {
	Verdict      string            `json:"verdict"` // good, discrepancy, tampered, unreadable
	Verification verification      `json:"verification"`
	Medium       *mediumAnswer     `json:"medium"` // null: none was looked at
	Sessions     []*custody.Report `json:"sessions"`
}

// verification says what the check of the store or the evidence came to, before anything was concluded from it.
type verification struct {
	Of       string   `json:"of"` // store or evidence
	Name     string   `json:"name"`
	Verdict  string   `json:"verdict"` // as "constat verify" says it: verified, tampered, below, unreadable
	Title    string   `json:"title"`
	Code     string   `json:"code"`
	Pinned   string   `json:"pinned"` // where the code comes from that it must have; empty: it vouches for itself
	Findings []string `json:"findings"`
}

func (a *app) custodyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "custody",
		Short: "Follow files from one medium to another: what was read, scanned, delivered",
		Long:  `The chain of custody of files that go from one medium to another through scanners; docs/custody.md.`,
		Example: `  constat custody check --session 4OZP2W --medium /media/out
  constat custody check --session 4OZP2W proof.html`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("unknown command %q; see 'constat custody --help'", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.custodyCheckCommand())
	return c
}

func (a *app) custodyCheckCommand() *cobra.Command {
	var f custodyFlags
	c := &cobra.Command{
		Use:   "check [EVIDENCE|STORE]",
		Short: "Say of each file of a session whether it was read, scanned and delivered with the same content",
		Long: `Check the chain of custody of a session: each file read, scanned by whom, delivered and, with --medium, on the medium now,
all with the same content (SHA-256); or exactly what is missing or differs. Files on the medium that nobody scanned are
named. Links are never followed, and two Unicode spellings are two names.

It works on a store (by default the one that --store names) and on evidence, a zip or a page, which is verified first.
That verdict is part of the answer: where the journal was tampered with, nothing in it counts.

Exit status: 0 nothing is missing and nothing differs, 1 a discrepancy, or tampered, 2 usage, 3 cannot be read.`,
		Example: `  constat custody check --session 4OZP2W
  constat custody check --session 4OZP2W --medium /media/out --lang fr
  constat custody check --session 4OZP2W --writer 'uid 17, /usr/bin/station' --writer 'uid 18, /usr/bin/av'
  constat custody check --code MFRGGZDFMZTWQ2LK… -o json proof.html`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("custody check looks at one store or evidence file at a time, not %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.custodyCheck(c.Context(), f, args) },
	}
	flags := c.Flags()
	flags.StringVar(&f.session, "session", "", "`ID` of the session (default: all, or with --medium the only one)")
	flags.StringVar(&f.medium, "medium", "", "`DIR` where the destination is mounted: compare what is on it now")
	flags.StringArrayVar(&f.writers, "writer", nil, "only `WHO`, such as 'uid 17, /usr/bin/station', may have written events; may be repeated")
	flags.StringVar(&f.code, "code", "", "verification `CODE` that store or evidence must have, base32 or hex")
	flags.StringVarP(&f.output, "output", "o", "text", "text or json")
	flags.StringVar(&f.lang, "lang", "en", "language of the text: en or fr")
	complete(c, "output", "text", "json")
	complete(c, "lang", "en", "fr")
	return c
}

// custodyCheck answers, and turns the verdict into an exit status.
func (a *app) custodyCheck(ctx context.Context, f custodyFlags, args []string) error {
	if f.output != "text" && f.output != "json" {
		return usage("-o %q: want text or json", f.output)
	}
	if f.lang != "en" && f.lang != "fr" {
		return usage("--lang %q: want en or fr", f.lang)
	}
	if f.session != "" && !custody.ValidSession(f.session) {
		return usage("--session %q cannot be the id of a session", f.session)
	}
	name, err := a.storeDir()
	if len(args) > 0 {
		name, err = filepath.Abs(args[0])
	}
	if err != nil {
		return err
	}
	answer, err := a.custodyAnswer(ctx, f, name)
	if err != nil {
		var e *exitError
		if errors.As(err, &e) {
			return err
		}
		return &exitError{int(check.Unreadable), err}
	}
	if err := a.printCustody(f, answer); err != nil {
		return err
	}
	switch answer.Verdict {
	case "good":
		return a.out.err
	case "unreadable":
		return &exitError{int(check.Unreadable), nil}
	}
	return &exitError{exitFailed, nil}
}

// custodyAnswer verifies, collects the sessions and checks them.
func (a *app) custodyAnswer(ctx context.Context, f custodyFlags, name string) (*custodyAnswer, error) {
	from := a.custodyStore
	if isEvidence(name) {
		from = a.custodyEvidence
	}
	v, h, err := from(ctx, f, name)
	answer := &custodyAnswer{Verdict: "good", Verification: v, Sessions: []*custody.Report{}}
	if v.Verdict == "tampered" || v.Verdict == "unreadable" {
		answer.Verdict = v.Verdict
		if err != nil { // what is wrong with it stands in the verification
			return answer, nil
		}
	}
	if err != nil {
		return nil, err
	}
	sessions, err := f.wanted(h, name)
	if err != nil && answer.Verdict == "good" {
		return nil, err
	}
	for _, s := range sessions {
		s.Trusted = f.writers
		answer.Sessions = append(answer.Sessions, s.Check())
	}
	if f.medium != "" && len(answer.Sessions) == 1 {
		if answer.Medium, err = lookAtMedium(f.medium, v, answer.Sessions[0]); err != nil {
			return nil, err
		}
	}
	for _, r := range answer.Sessions {
		if !r.Good() && answer.Verdict == "good" {
			answer.Verdict = "discrepancy"
		}
	}
	return answer, nil
}

// wanted are the sessions that are asked for.
func (f custodyFlags) wanted(h *custody.History, name string) (list []*custody.Session, err error) {
	var ids []string
	for _, s := range h.Sessions() {
		if f.session == "" || s.ID == f.session {
			list, ids = append(list, s), append(ids, custody.Show(s.ID))
		}
	}
	switch {
	case len(list) == 0 && f.session != "":
		return nil, &exitError{exitFailed, fmt.Errorf("%s: no entry speaks of session %s; 'constat audit' lists what there is", name, f.session)}
	case len(list) == 0:
		return nil, &exitError{exitFailed, fmt.Errorf("%s: no entry is an event of custody", name)}
	case len(list) > 1 && f.medium != "":
		return nil, usage("--medium belongs to one session; say with --session which: %s", strings.Join(ids, ", "))
	}
	return list, nil
}

// printCustody prints the answer.
func (a *app) printCustody(f custodyFlags, answer *custodyAnswer) error {
	if f.output == "json" {
		e := json.NewEncoder(a.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(answer)
	}
	v := &answer.Verification
	fmt.Fprintf(a.out, "%s  %s: %s\n", custodyHeadline(f.lang, answer.Verdict), printable(v.Name), v.Title)
	for _, text := range v.Findings {
		fmt.Fprintf(a.out, "  %s\n", strings.ReplaceAll(printable(text), "\n", "; "))
	}
	if v.Pinned == "" && v.Code != "" {
		fmt.Fprintf(a.out, "  %s\n", custodyHeadline(f.lang, "unpinned"))
	}
	for _, r := range answer.Sessions {
		fmt.Fprint(a.out, r.Text(f.lang))
	}
	if m := answer.Medium; m != nil {
		fmt.Fprintf(a.out, "  %s%d\n", custodyHeadline(f.lang, "files"), m.Files)
		for _, p := range m.Proofs {
			fmt.Fprintf(a.out, "  %s%s\n", custodyHeadline(f.lang, "proof"), custody.Show(string(p)))
		}
	}
	return a.out.err
}

// custodyHeadline is a word of the answer in a language.
func custodyHeadline(lang, what string) string {
	if lang == "fr" {
		return map[string]string{"good": "CHAÎNE INTACTE", "discrepancy": "ÉCART", "tampered": "JOURNAL FALSIFIÉ", "unreadable": "ILLISIBLE",
			"unpinned": "aucun code n’a été donné : le journal ne répond que de lui-même ; nommez le code avec --code CODE",
			"files":    "fichiers sur le support : ", "proof": "preuve du même journal, vérifiée : "}[what]
	}
	return map[string]string{"good": "CHAIN INTACT", "discrepancy": "DISCREPANCY", "tampered": "TAMPERED", "unreadable": "UNREADABLE",
		"unpinned": "no code was given: the journal vouches for itself only; name the code with --code CODE",
		"files":    "files on the medium: ", "proof": "evidence of the same journal, verified: "}[what]
}
