package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"constat/custody"
	"constat/entry"
	"constat/evidence"
	"constat/internal/vfs"
	"constat/journal"
)

// sessionOf are the entries of a session of n files, of which the second is infected and the third cannot be scanned.
// wrong makes the first delivered content another one, and adds entries that are no events.
func sessionOf(t *testing.T, n int, wrong bool) (list []entry.Entry) {
	t.Helper()
	at := time.Date(2026, 11, 29, 21, 0, 0, 0, time.UTC)
	add := func(e custody.Event) {
		at = at.Add(time.Second)
		e.Session, e.At = "S1", at
		x, err := e.Entry("station")
		if err != nil {
			t.Fatal(err)
		}
		x.AddString("_UID", "17", entry.Observed)
		x.AddString("_EXE", "/usr/bin/station", entry.Observed)
		list = append(list, x)
	}
	source := custody.Medium{ID: "sdb1", Label: "CLÉ <b>", Serial: "0xCAFE", Role: custody.Source}
	to := custody.Medium{ID: "sdc1", Label: "OUT", Role: custody.Destination}
	engines := []custody.Engine{{Name: "ClamAV", Version: "1.4.3", Signatures: "27463", SignaturesDate: "2026-11-28"}, {Name: "BetaScan", Version: "9.0"}}
	var counts custody.Counts
	add(custody.Event{Op: custody.Opened, Station: "accueil, bâtiment A", Medium: source})
	for i := range n {
		path := fmt.Sprintf("Dossier partagé/2026/compte rendu n° %d de la réunion.docx", i)
		c := &custody.Content{Size: int64(10_000 + i), SHA256: custody.SHA256{byte(i), 0xAB}}
		add(custody.Event{Op: custody.Read, Path: path, Content: c, Medium: source, Result: custody.OK})
		result := custody.Clean
		for _, g := range engines {
			e := custody.Event{Op: custody.Scanned, Path: path, Content: c, Engine: g, Result: result}
			switch i {
			case 1:
				e.Result, e.Threat = custody.Infected, "Win.Test.EICAR <i>"
			case 2:
				e.Result, e.Reason = custody.Error, "archive chiffrée"
			}
			add(e)
		}
		if i == 1 || i == 2 {
			continue
		}
		if i == 0 && wrong {
			c = &custody.Content{Size: 1, SHA256: custody.SHA256{0xFF}}
		}
		counts.Copied++
		add(custody.Event{Op: custody.Copied, Path: path, Content: c, Medium: to, Result: custody.OK})
	}
	if wrong { // and somebody writes what is no valid event, to break the page
		var hostile entry.Entry
		for _, f := range [][2]string{{"custody", "0"}, {"cid", "S1"}, {"op", "file.scanned"}, {"engine.name", "\xff</script><!--"}, {"file.path", "x\u202e"}} {
			hostile.AddString(f[0], f[1], entry.Claimed)
		}
		for _, micros := range []int64{math.MaxInt64, math.MinInt64} {
			hostile.Event = entry.Time{Micros: micros, Digits: 6, Zone: "+01:00", Valid: true}
			list = append(list, hostile)
		}
	}
	counts.Read = uint64(n)
	add(custody.Event{Op: custody.Closed, Result: custody.Complete, Counts: counts})
	return list
}

// proofOf makes the page of a session of n files, in a store of its own. The store ends with a full check.
func proofOf(t *testing.T, n int, wrong bool, lang string) (page string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	if _, err := journal.CreateWith(vfs.OS(), dir, journal.New{Origin: "station.example/log", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	others := []entry.Entry{{}, {}} // of somebody else
	if _, err = w.Append("audit", append(others, sessionOf(t, n, wrong)...)); err == nil {
		err = w.Sync()
	}
	if err == nil {
		err = w.Checkpoint()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	page = filepath.Join(t.TempDir(), "page.html")
	if n < 1000 {
		constat(t, dir, "prove", "--session", "S1", "--lang", lang, "-o", page)
	} else { // more than a page can hold
		zip := page + ".evidence.zip"
		constat(t, dir, "prove", "--session", "S1", "--lang", lang, "-o", zip)
		inZip(t, zip, page)
		page = zip
	}
	code := strings.TrimSpace(jsonField(t, constat(t, dir, "status", "-o", "json"), "code"))
	constat(t, dir, "verify", "--code", code, page)
	constat(t, dir, "verify", "--code", code)
	return page
}

// inZip takes the page out of a zip.
func inZip(t *testing.T, zip, page string) {
	t.Helper()
	data, err := os.ReadFile(zip)
	if err == nil {
		data, err = evidence.Page(data)
	}
	if err == nil {
		err = os.WriteFile(page, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// jsonField is a member of a JSON object.
func jsonField(t *testing.T, object, name string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(object), &members); err != nil {
		t.Fatal(err)
	}
	text, _ := members[name].(string)
	return text
}

// TestProofInBrowser wants the verdict of the page about itself in both languages, and every lie in it found.
func TestProofInBrowser(t *testing.T) {
	b := needBrowser(t)
	data, err := os.ReadFile(proofOf(t, 5, false, "fr"))
	if err != nil {
		t.Fatal(err)
	}
	badly, err := os.ReadFile(proofOf(t, 5, true, "en"))
	if err != nil {
		t.Fatal(err)
	}
	hash := custody.SHA256{3, 0xAB}.String()
	for _, c := range []struct {
		name      string
		long      bool // only in the long variant
		page      []byte
		old, with string
		verdict   string
	}{
		{"good", false, data, "", "", "good"},
		{"a discrepancy that is told", true, badly, "", "", "good"},
		{"verdict of an engine", true, data, "ClamAV 1.4.3 (27463) : infecté, Win.Test.EICAR &lt;i&gt;", "ClamAV 1.4.3 (27463) : sain", "bad"},
		{"verdict in the other language", false, data, "ClamAV 1.4.3 (27463): infected", "ClamAV 1.4.3 (27463): harmless", "bad"},
		{"name of a file", true, data, `compte rendu n° 3 de la réunion.docx</span>`, `compte rendu n° 9 de la réunion.docx</span>`, "bad"},
		{"digest", true, data, `class="sha">` + hash, `class="sha">` + strings.Repeat("0", 64), "bad"},
		{"numbers", true, data, "5 fichiers : 3 sains, 1 infecté", "5 fichiers : 4 sains, 0 infecté", "bad"},
		{"infected called good", true, data, `<tr class="held">`, `<tr class="ok">`, "bad"},
		{"discrepancy hidden", false, badly, `<div class="result" id="result">`, `<div class="result good" id="result">`, "bad"},
		{"bad file called good", true, badly, `<tr class="bad">`, `<tr class="ok">`, "bad"},
		{"engines", true, data, `<span class="line">ClamAV 1.4.3 (27463, 2026-11-28)</span>`, `<span class="line">ClamAV 1.5.0 (27463, 2026-11-28)</span>`, "bad"},
		{"medium", true, data, "destination: sdc1", "destination: sdd1", "bad"},
		{"writer", true, data, "uid 17, /usr/bin/station", "uid 0, /usr/bin/station", "bad"},
		{"result in other words", true, badly, "The chain has 4 discrepancies: do not", "The chain has no discrepancies: do", "bad"},
		{"time", true, data, "terminée le 2026-11-29", "terminée le 2026-11-28", "bad"},
	} {
		if c.long && os.Getenv("CONSTAT_LONG") == "" {
			continue // each takes a browser seconds
		}
		t.Run(c.name, func(t *testing.T) {
			forged := bytes.Replace(c.page, []byte(c.old), []byte(c.with), 1)
			if c.old != "" && bytes.Equal(forged, c.page) {
				t.Fatal("nothing to forge")
			}
			file := filepath.Join(t.TempDir(), "page.html")
			if err := os.WriteFile(file, forged, 0o600); err != nil {
				t.Fatal(err)
			}
			dom := b.run(t, file, "--dump-dom")
			_, told, _ := strings.Cut(dom, `<div class="verdict `)
			told, _, _ = strings.Cut(told, "<dl>")
			words := []string{"Cette page concorde avec le journal signé", "This page agrees with the signed journal"}
			if c.verdict == "bad" {
				words = []string{"Cette page ne concorde pas avec le journal signé : ne vous y fiez pas", "This page does not agree with the signed journal: do not rely on it"}
			}
			for _, w := range append(words, c.verdict+`" id="said"`) {
				if !strings.Contains(told, w) {
					t.Errorf("the page does not say %q: %s", w, told)
				}
			}
			if !strings.Contains(dom, `data-checked="`+c.verdict+`"`) {
				t.Errorf("want %s", c.verdict)
			}
		})
	}
	if os.Getenv("CONSTAT_LONG") != "" {
		t.Run("many", func(t *testing.T) { pageOfMany(t, b) })
	}
}

// TestProofInPrint wants 20 files on at most three sheets in either language, whole and in plain words.
func TestProofInPrint(t *testing.T) {
	b := needBrowser(t)
	for lang, words := range map[string][]string{
		"fr": {"Preuve d’analyse de fichiers", "20 fichiers : 18 sains, 1 infecté, 1 sans verdict ; 18 remis", "Ce qui n’est pas prouvé", "INFECTÉ, non remis", "accueil, bâtiment A", "ClamAV 1.4.3 (27463, 2026-11-28)"},
		"en": {"Proof that files were analysed", "20 files: 18 clean, 1 infected, 1 without a verdict; 18 delivered", "What is not proven", "INFECTED, not delivered", "archive chiffrée", "This page agrees with the signed journal"},
	} {
		page := proofOf(t, 20, false, lang)
		pdf := filepath.Join(t.TempDir(), "page.pdf")
		b.run(t, page, "--no-pdf-header-footer", "--print-to-pdf="+pdf)
		info, err := exec.Command("pdfinfo", pdf).Output()
		if err != nil {
			t.Fatalf("pdfinfo of poppler-utils: %v", err)
		}
		_, rest, _ := strings.Cut(string(info), "Pages:")
		if pages, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0])); err != nil || pages > 3 {
			t.Errorf("%s: %d pages, %v", lang, pages, err)
		}
		out, err := exec.Command("pdftotext", pdf, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(out)), "")
		for i := range 20 {
			words = append(words, custody.SHA256{byte(i), 0xAB}.String(), fmt.Sprintf("n° %d de la réunion.docx", i))
		}
		for _, w := range words {
			if !strings.Contains(text, strings.Join(strings.Fields(w), "")) {
				t.Errorf("%s: %q is not in print", lang, w)
			}
		}
		if other := map[string]string{"fr": "Whatisnotproven", "en": "Cequin’estpasprouvé"}[lang]; strings.Contains(text, other) {
			t.Errorf("%s: the other language is in print too", lang)
		}
	}
}

// pageOfMany wants the page of a session that is larger than a page to say so, and to be right in what it lists.
func pageOfMany(t *testing.T, b browser) {
	page := strings.TrimSuffix(proofOf(t, 1300, false, "en"), ".evidence.zip")
	dom := b.run(t, page, "--dump-dom")
	for _, want := range []string{`data-checked="good"`, "1300 files: 1298 clean, 1 infected", "more files are not listed on this page", "the page lists a part of the session"} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
