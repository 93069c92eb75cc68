package custody

import "fmt"

// Finding is one thing that is missing or differs. The rules are stable; docs/custody.md lists them.
type Finding struct {
	Rule  string  `json:"rule"`
	Path  Path    `json:"path"`  // of the file; empty: it is about the session
	Index *uint64 `json:"index"` // of the entry that is wrong; null: it is about none
	Text  string  `json:"text"`
	args  []any
}

func newFinding(rule, path string, args ...string) Finding {
	f := Finding{Rule: rule, Path: Path(path)}
	for _, a := range args {
		f.args = append(f.args, line(a))
	}
	f.Text = f.In("en")
	return f
}

// In says what a finding says in a language, "fr" or else English.
func (f Finding) In(lang string) string {
	form := findingWords[f.Rule]
	text := form.en
	if lang == "fr" {
		text = form.fr
	}
	text = fmt.Sprintf(text, f.args...)
	colon := ": "
	if lang == "fr" {
		colon = " : "
	}
	if f.Path != "" {
		return Show(string(f.Path)) + colon + text
	}
	return text
}

// words are one text in both languages.
type words struct{ en, fr string }

// findingWords are the texts of the rules. This is a table.
var findingWords = map[string]words{
	"event": {"entry %s of the journal is no valid event of custody: %s",
		"l’entrée %s du journal n’est pas un événement valable : %s"},
	"path": {"entry %s names a path that leaves the medium, or is none; it was not followed: %s",
		"l’entrée %s nomme un chemin qui sort du support, ou qui n’en est pas un ; il n’a pas été suivi : %s"},
	"writer": {"entry %s (%s) was written by “%s”, who is none of those that were named",
		"l’entrée %s (%s) a été écrite par « %s », qui n’est aucun de ceux qui ont été nommés"},
	"late": {"entry %s (%s) was written after the end of the session",
		"l’entrée %s (%s) a été écrite après la fin de la session"},
	"twice":          {"the session has a second %s, entry %s", "la session a un second %s, entrée %s"},
	"not-opened":     {"no entry says that the session began", "aucune entrée ne dit que la session a commencé"},
	"not-closed":     {"the session has not ended: what follows is not known yet", "la session n’est pas terminée : la suite n’est pas encore connue"},
	"aborted":        {"the session was aborted: %s", "la session a été interrompue : %s"},
	"count":          {"events are missing: the end of the session counts %[2]s of “%[1]s”, the journal shows %[3]s", "des événements manquent : la fin de la session compte %[2]s « %[1]s », le journal en montre %[3]s"},
	"not-read":       {"nobody says that it was read from the source", "rien ne dit que le fichier a été lu sur le support d’origine"},
	"source-differs": {"the source answered differently at the second read: SHA-256 %s, then %s", "le support d’origine a répondu autrement à la seconde lecture : SHA-256 %s, puis %s"},
	"not-scanned":    {"nobody scanned what was read (SHA-256 %s)", "personne n’a analysé le contenu lu (SHA-256 %s)"},
	"scanned-other": {"the verdict of %s (%s) is about another content: SHA-256 %s; read was %s",
		"le verdict de %s (%s) porte sur un autre contenu : SHA-256 %s ; lu : %s"},
	"engine-missing":      {"delivered without a clean verdict of %s on this content", "remis sans verdict sain de %s sur ce contenu"},
	"not-delivered":       {"clean, and not delivered: nothing says why", "sain, mais non remis : rien ne dit pourquoi"},
	"copy-failed":         {"not delivered: %s", "non remis : %s"},
	"delivered-other":     {"what was delivered is not what was read: SHA-256 %s; read was %s", "ce qui a été remis n’est pas ce qui a été lu : SHA-256 %s ; lu : %s"},
	"delivered-unscanned": {"nobody scanned what was delivered (SHA-256 %s)", "personne n’a analysé ce qui a été remis (SHA-256 %s)"},
	"delivered-early":     {"delivered before the verdict of %s", "remis avant le verdict de %s"},
	"infected-delivered":  {"delivered although %s found %s in it", "remis alors que %s y a trouvé %s"},
	"spelling": {"two Unicode spellings of one name, which are two different files: %s and %s",
		"deux écritures Unicode d’un même nom, qui sont deux fichiers différents : %s et %s"},
	"medium-missing":     {"delivered, and no longer on the medium", "remis, mais absent du support"},
	"medium-differs":     {"changed on the medium: SHA-256 %s; delivered was %s", "modifié sur le support : SHA-256 %s ; remis : %s"},
	"medium-unscanned":   {"on the medium, and nobody scanned it (SHA-256 %s)", "présent sur le support, et personne ne l’a analysé (SHA-256 %s)"},
	"medium-undelivered": {"on the medium although the session did not deliver it (verdict: %s)", "présent sur le support alors que la session ne l’a pas remis (verdict : %s)"},
	"medium-link":        {"a symbolic link on the medium, to %s; it was not followed", "un lien symbolique sur le support, vers %s ; il n’a pas été suivi"},
	"medium-unreadable":  {"cannot be read as a file of the medium: %s", "ne peut pas être lu comme fichier du support : %s"},
}
