package evidence

import (
	"fmt"
	"slices"
	"strconv"

	"constat/custody"
)

// verdictWords say what became of a file.
func verdictWords(f *custody.File) said {
	out := map[string]said{
		string(custody.Clean):    {"clean", "sain"},
		string(custody.Infected): {"INFECTED", "INFECTÉ"},
		string(custody.Error):    {"not scanned: error", "non analysé : erreur"},
		string(custody.Skipped):  {"passed over", "laissé de côté"},
		custody.Unscanned:        {"not scanned", "non analysé"},
	}[f.Verdict]
	delivered := said{", not delivered", ", non remis"}
	switch f.Copied {
	case custody.Delivered:
		delivered = said{", delivered", ", remis"}
	case custody.Other:
		delivered = said{", another content delivered", ", un autre contenu remis"}
	case custody.Removed:
		delivered = said{", delivered and removed", ", remis puis supprimé"}
	}
	return said{out.EN + delivered.EN, out.FR + delivered.FR}
}

// lineOf is what an event says, in plain words. The script of the page has the same words.
func lineOf(e *custody.Event) said {
	at := e.At.UTC().Format("2006-01-02 15:04:05") + " UTC"
	why := plain(e.Reason)
	switch e.Op {
	case custody.Opened:
		if e.Station != "" {
			return said{"begun " + at + ", station " + plain(e.Station), "commencée le " + at + ", station " + plain(e.Station)}
		}
		return said{"begun " + at, "commencée le " + at}
	case custody.Closed:
		if e.Result == custody.Aborted {
			return said{"aborted " + at + ": " + why, "interrompue le " + at + " : " + why}
		}
		return said{"ended " + at, "terminée le " + at}
	case custody.Scanned:
		return scanLine(e, at, why)
	case custody.Deleted:
		if e.Result == custody.OK {
			return said{"removed " + at + " from " + plain(e.Medium.ID), "supprimé le " + at + " de " + plain(e.Medium.ID)}
		}
		return said{"not removed: " + why, "non supprimé : " + why}
	}
	words := map[custody.Op]map[custody.Result]said{
		custody.Read: {custody.OK: {"read " + at, "lu le " + at}, custody.Error: {"could not be read: " + why, "n’a pas pu être lu : " + why},
			custody.Skipped: {"not read: " + why, "non lu : " + why}},
		custody.Copied: {custody.OK: {"delivered " + at + " and compared", "remis le " + at + ", relu et comparé"},
			custody.Error: {"not delivered: " + why, "non remis : " + why}, custody.Skipped: {"not delivered: " + why, "non remis : " + why}},
	}[e.Op][e.Result]
	if e.Result == custody.OK {
		words = said{fmt.Sprintf("%s, %d bytes", words.EN, e.Content.Size), fmt.Sprintf("%s, %d octets", words.FR, e.Content.Size)}
	}
	return words
}

// scanLine is what an engine says.
func scanLine(e *custody.Event, at, why string) said {
	engine := plain(e.Engine.Name) + " " + plain(e.Engine.Version)
	if e.Engine.Signatures != "" {
		engine += " (" + plain(e.Engine.Signatures) + ")"
	}
	switch e.Result {
	case custody.Clean:
		return said{engine + ": clean, " + at, engine + " : sain, " + at}
	case custody.Infected:
		threat := plain(e.Threat)
		return said{engine + ": infected, " + threat + ", " + at, engine + " : infecté, " + threat + ", " + at}
	case custody.Skipped:
		return said{engine + ": passed over: " + why, engine + " : laissé de côté : " + why}
	}
	return said{engine + ": could not scan: " + why, engine + " : n’a pas pu analyser : " + why}
}

// headline is the result in two sentences. The script finds the numbers in this order.
func (v *sessionView) headline(good bool) said {
	n := v.Counts
	en := fmt.Sprintf("%s: %d clean, %d infected, %d without a verdict; %d delivered.", some(n.Files, "file", "files"), n.Clean, n.Infected, n.Other, n.Delivered)
	fr := fmt.Sprintf("%s : %s, %s, %d sans verdict ; %s.", french(n.Files, "fichier", "fichiers"), french(n.Clean, "sain", "sains"),
		french(n.Infected, "infecté", "infectés"), n.Other, french(n.Delivered, "remis", "remis"))
	if good {
		return said{en + " What was delivered is what was read and scanned; nothing is missing and nothing differs.",
			fr + " Ce qui a été remis est ce qui a été lu et analysé ; rien ne manque et rien ne diffère."}
	}
	wrong := len(v.Findings)
	return said{en + " The chain has " + some(wrong, "discrepancy", "discrepancies") + ": do not rely on these files.",
		fr + " La chaîne présente " + french(wrong, "écart", "écarts") + " : ne vous fiez pas à ces fichiers."}
}

// french counts things where none is like one.
func french(n int, one, many string) string {
	return some(n, one, map[bool]string{true: one, false: many}[n == 0])
}

// some counts things.
func some(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return strconv.Itoa(n) + " " + many
}

// heads notes medium, engine and writer of an event, each once.
func (v *sessionView) heads(x *custody.Step) {
	if m := mediumText(x.Medium); x.Medium.ID != "" && !slices.Contains(v.Media, m) {
		v.Media = append(v.Media, m)
	}
	if e := engineText(x.Engine); x.Engine.Name != "" && !slices.Contains(v.Engines, e) {
		v.Engines = append(v.Engines, e)
	}
	if w := "uid " + valueText([]byte(x.UID)) + ", " + valueText([]byte(x.Program)); x.UID != "" && !slices.Contains(v.Writers, w) {
		v.Writers = append(v.Writers, w)
	}
}

// roleWords say what a medium is for.
var roleWords = map[string]said{
	custody.Source:      {"source: ", "support d’origine : "},
	custody.Destination: {"destination: ", "support de destination : "},
}

func mediumText(m custody.Medium) said {
	text := plain(m.ID)
	if m.Label != "" {
		text += " “" + plain(m.Label) + "”"
	}
	if m.Serial != "" {
		text += " [" + plain(m.Serial) + "]"
	}
	return said{roleWords[m.Role].EN + text, roleWords[m.Role].FR + text}
}

func engineText(e custody.Engine) string {
	text, base := plain(e.Name)+" "+plain(e.Version), plain(e.Signatures)
	if base != "" && e.SignaturesDate != "" {
		base += ", "
	}
	if base += e.SignaturesDate; base != "" {
		text += " (" + base + ")"
	}
	return text
}
