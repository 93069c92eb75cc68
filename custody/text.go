package custody

import (
	"fmt"
	"strings"
)

// Text is the report in plain words, "fr" or else English.
func (r *Report) Text(lang string) string {
	w := textWords["en"]
	if lang == "fr" {
		w = textWords["fr"]
	}
	var b strings.Builder
	fmt.Fprintf(&b, w.session+"\n", Show(r.Session), shownTime(r.Opened), shownTime(r.Closed))
	if r.Partial {
		fmt.Fprintf(&b, "  %s\n", w.partial)
	}
	for _, m := range r.Media {
		fmt.Fprintf(&b, "  %s%s%s\n", w.words[m.Role], w.colon, m)
	}
	for _, e := range r.Engines {
		fmt.Fprintf(&b, "  %s%s%s\n", w.engine, w.colon, e)
	}
	for _, x := range r.Writers {
		fmt.Fprintf(&b, "  %s%s%s\n", w.writer, w.colon, x)
	}
	for i := range r.Files {
		f := &r.Files[i]
		fmt.Fprintf(&b, "  %s%s%s%s%s", Show(string(f.Path)), w.colon, w.verdict(f), w.semicolon, w.words[f.Copied])
		if f.Medium != Unchecked {
			fmt.Fprintf(&b, "%s%s", w.semicolon, w.words[f.Medium])
		}
		if f.Reason != "" {
			fmt.Fprintf(&b, " (%s)", line(f.Reason))
		}
		b.WriteByte('\n')
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %s [%s] %s\n", w.wrong, f.Rule, f.In(lang))
	}
	if r.Good() {
		fmt.Fprintf(&b, "  %s\n", w.good)
	}
	return b.String()
}

// texts are the words of a report in one language.
type texts struct {
	session, engine, writer, wrong, good, partial, colon, semicolon string
	words                                                           map[string]string
}

func (w *texts) verdict(f *File) string {
	text := w.words[f.Verdict]
	var names []string
	for _, s := range f.Scans {
		if s.Same {
			names = append(names, fmt.Sprintf("%s %s", Show(s.Engine.Name), w.words[string(s.Result)]+threat(&s)))
		}
	}
	if len(names) > 0 {
		text += " (" + strings.Join(names, ", ") + ")"
	}
	return text
}

func threat(s *Scan) string {
	if s.Threat == "" {
		return ""
	}
	return " " + Show(s.Threat)
}

var textWords = map[string]*texts{
	"en": {colon: ": ", semicolon: "; ", session: "session %s, %s to %s", engine: "engine", writer: "written by", wrong: "WRONG",
		partial: "only a part of the session is shown: it has other files",
		good:    "nothing is missing and nothing differs: what was delivered is what was read and scanned",
		words: map[string]string{Source: "source", Destination: "destination", "": "medium",
			string(Clean): "clean", string(Infected): "infected", string(Error): "could not be scanned", string(Skipped): "was passed over", Unscanned: "not scanned",
			Delivered: "delivered unchanged", Undelivered: "not delivered", Failed: "not delivered", Other: "another content was delivered", Removed: "delivered and removed",
			Same: "on the medium unchanged", Differs: "changed on the medium", Missing: "missing on the medium", Absent: "not on the medium", Intruding: "on the medium nevertheless"}},
	"fr": {colon: " : ", semicolon: " ; ", session: "session %s, du %s au %s", engine: "moteur", writer: "écrit par", wrong: "ÉCART",
		partial: "une partie de la session seulement est montrée : elle a d’autres fichiers",
		good:    "rien ne manque et rien ne diffère : ce qui a été remis est ce qui a été lu et analysé",
		words: map[string]string{Source: "support d’origine", Destination: "support de destination", "": "support",
			string(Clean): "sain", string(Infected): "infecté", string(Error): "n’a pas pu être analysé", string(Skipped): "non traité", Unscanned: "non analysé",
			Delivered: "remis inchangé", Undelivered: "non remis", Failed: "non remis", Other: "un autre contenu a été remis", Removed: "remis puis supprimé",
			Same: "inchangé sur le support", Differs: "modifié sur le support", Missing: "absent du support", Absent: "absent du support", Intruding: "présent sur le support malgré tout"}},
}
