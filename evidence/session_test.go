package evidence

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"constat/custody"
	"constat/seal"
)

// session appends the events of a session with one file to the journal and returns their indexes.
func (w *world) session(t testing.TB) (indexes []uint64) {
	t.Helper()
	medium := custody.Medium{ID: "sdb1", Label: "<script>", Role: custody.Source}
	c := &custody.Content{Size: 3, SHA256: custody.SHA256{7}}
	target := medium
	target.Role = custody.Destination
	for _, e := range []custody.Event{
		{Op: custody.Opened, Medium: medium},
		{Op: custody.Read, Path: "a \xff", Content: c, Medium: medium, Result: custody.OK},
		{Op: custody.Scanned, Path: "a \xff", Content: c, Engine: custody.Engine{Name: "AV", Version: "1"}, Result: custody.Clean},
		{Op: custody.Copied, Path: "a \xff", Content: c, Medium: target, Result: custody.OK},
		{Op: custody.Closed, Result: custody.Complete, Counts: custody.Counts{Read: 1, Clean: 1, Copied: 1}},
	} {
		w.clock += 1_000_000
		e.Session, e.At = "S-1", time.UnixMicro(w.clock)
		x, err := e.Entry("station")
		if err != nil {
			t.Fatal(err)
		}
		x.Received = w.clock
		indexes = append(indexes, w.main.add(x))
	}
	return indexes
}

// proveSession proves it, logged or not.
func (w *world) proveSession(t testing.TB, logged bool, q *SessionQuestion, indexes []uint64) []byte {
	t.Helper()
	s := w.seal(t)
	r := w.request(s, logged, indexes...)
	r.Session = q
	d, err := Prepare(r)
	if err != nil {
		t.Fatal(err)
	}
	p := Proof{Logs: w.logs(), Seals: []seal.Seal{*s}}
	if logged {
		e := d.Exported()
		e.Received = w.clock
		at := w.system.add(e)
		p.Exported, p.Seals = &at, append(p.Seals, *w.seal(t))
	}
	zip, err := d.Finish(p)
	if err != nil {
		t.Fatal(err)
	}
	return zip
}

// TestSessionPage: the page of a session says what the events say, in both languages, and verifies like every other.
func TestSessionPage(t *testing.T) {
	for _, logged := range []bool{true, false} {
		for _, lang := range []string{"en", "fr"} {
			w := newWorld(t)
			w.fill(300)
			zip := w.proveSession(t, logged, &SessionQuestion{ID: "S-1", Lang: lang}, w.session(t))
			page, err := Page(zip)
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range map[string][]byte{"zip": zip, "page": page} {
				if r := Verify(data, w.pin()); r.Verdict != Verified {
					t.Errorf("%s, logged %v: %s", name, logged, r.Text())
				}
				list, about, err := Entries(data)
				if err != nil || len(list) != 5 || about == nil || about.ID != "S-1" || list[0].Journal != "main" || list[0].Index != 300 {
					t.Errorf("%s: %v, %v, %v", name, list, about, err)
				}
			}
			for _, want := range []string{`<html lang="` + lang + `">`, `id="lang-` + lang + `" checked>`, "1 file: 1 clean, 0 infected, 0 without a verdict; 1 delivered.",
				"1 fichier : 1 sain, 0 infecté, 0 sans verdict ; 1 remis.", `class="result good"`, `<span class="name">0x6120ff</span>`, "&lt;script&gt;", "AV 1 : sain"} {
				if !bytes.Contains(page, []byte(want)) {
					t.Errorf("%s: the page lacks %q", lang, want)
				}
			}
			forged := bytes.Replace(page, []byte("AV 1: clean"), []byte("AV 2: clean"), 1)
			if r := Verify(forged, w.pin()); r.Verdict != Tampered || bytes.Equal(forged, page) {
				t.Errorf("forged: %s", r.Text())
			}
		}
	}
}

// TestSessionOneFile: counts are not missed where only one file is shown, and are where everything is.
func TestSessionOneFile(t *testing.T) {
	w := newWorld(t)
	indexes := w.session(t)
	for _, c := range []struct {
		q    SessionQuestion
		good bool
	}{{SessionQuestion{ID: "S-1", Lang: "en", File: []byte("a \xff")}, true}, {SessionQuestion{ID: "S-1", Lang: "en"}, false}, {SessionQuestion{ID: "S-2", Lang: "en"}, false}} {
		page, err := Page(w.proveSession(t, false, &c.q, append([]uint64{indexes[0]}, indexes[4])))
		if err != nil {
			t.Fatal(err)
		}
		if good := bytes.Contains(page, []byte(`class="result good"`)); good != c.good {
			t.Errorf("%+v: good %v", c.q, good)
		}
	}
}

// TestSessionQuestion: what cannot be a session is refused, by those who make evidence and by those who read it.
func TestSessionQuestion(t *testing.T) {
	w := newWorld(t)
	indexes := w.session(t)
	for _, q := range []SessionQuestion{{ID: "", Lang: "en"}, {ID: "S-1", Lang: "de"}, {ID: "S-1", Lang: "fr", File: []byte("../x")}} {
		r := w.request(w.seal(t), false, indexes...)
		r.Session = &q
		if _, err := Prepare(r); err == nil {
			t.Errorf("%+v is taken", q)
		}
	}
	zip := w.proveSession(t, false, &SessionQuestion{ID: "S-1", Lang: "en"}, indexes)
	bad := rezipped(t, zip, edit(questionName, func(data []byte) []byte { return bytes.Replace(data, []byte(`"lang":"en"`), []byte(`"lang":"xx"`), 1) }))
	if v := Verify(bad, w.pin()).Verdict; v != Tampered {
		t.Errorf("a language that is none: %v", v)
	}
	other := rezipped(t, zip, edit(questionName, func(data []byte) []byte { return bytes.Replace(data, []byte(`"id":"S-1"`), []byte(`"id":"S-2"`), 1) }))
	if v := Verify(other, w.pin()).Verdict; v != Tampered {
		t.Errorf("another session: %v", v)
	}
}

// TestSessionPageForm is as [TestPageForm], for the page of a session.
func TestSessionPageForm(t *testing.T) {
	const form, want = 1, "ccff11adbab48f65"
	sum := sha256.Sum256([]byte(sessionHTML + sessionScript))
	if got := fmt.Sprintf("%x", sum[:8]); pageForm != form || got != want {
		t.Errorf("page form %d has digest %s, the test knows form %d with %s: what the page of a session says has changed: "+
			"count the form up, so that older verifiers call it newer and not forged", pageForm, got, form, want)
	}
	if strings.Count(sessionHTML, "/*STYLE*/") != 1 || !strings.Contains(pageStyle(), ".verdict") {
		t.Error("the page of a session has no style")
	}
}
