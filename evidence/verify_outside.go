package evidence

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"constat/entry"
)

// controlExported is what a control entry says that holds the hashes of an evidence file.
const controlExported = "exported"

// fileHash is the field of that entry for each readable file: the SHA-256 in hex, a blank, the name.
const fileHash = "FILE_SHA256"

// checkSeals checks the seals and that they say what the trees say, at the ends of the window among others.
func (v *verifier) checkSeals() {
	r := v.report
	for i := range v.seals {
		s := &v.seals[i]
		name := fmt.Sprintf("%s%d.json", sealsPrefix, s.Counter)
		if err := v.chain.signed(s); err != nil {
			r.find("sealed", name, "", err.Error())
		}
		for _, j := range s.journals {
			root, ok := v.rootAt(j.Name, j.Size)
			switch {
			case !ok:
				r.find("sealed", name, j.Name, fmt.Sprintf("it covers %d entries, which is not in the file", j.Size))
			case root != j.Root:
				r.find("sealed", name, j.Name, fmt.Sprintf("entries lead to root %s, sealed is %s", root, j.Root))
			}
		}
	}
	v.tellSealed()
}

// bound looks for the seal at one end of a window.
func (v *verifier) bound(journal string, counter *uint64, size uint64, file string) *sealed {
	if counter == nil {
		return nil
	}
	for i := range v.seals {
		if s := &v.seals[i]; s.Counter == *counter {
			if j, ok := s.of(journal); ok && j.Size == size || !ok && size == 0 {
				return s
			}
		}
	}
	v.report.find("sealed", file, journal, fmt.Sprintf("the window is said to end at seal %d, which does not say %d entries", *counter, size))
	return nil
}

// tellSealed says by which seals the windows are bounded.
func (v *verifier) tellSealed() {
	var by, open []string
	for _, a := range v.question.Journals {
		low, high := v.bound(a.Name, a.FromSeal, a.From, questionName), v.bound(a.Name, a.ToSeal, a.To, questionName)
		want := ""
		if high != nil {
			want = wallText(high.Wall)
			by = append(by, fmt.Sprintf("%s by seal %d at %s", a.Name, high.Counter, want))
		} else {
			open = append(open, a.Name)
		}
		if a.Sealed != want || low == nil && a.From > 0 {
			v.report.find("sealed", questionName, a.Name, "the window begins at no seal, or the time of the seal is another")
		}
	}
	r := v.report
	switch weak := v.chain.weak(); {
	case r.failed("sealed"):
		r.check("sealed", Failed, "a seal, a certificate or the window between two seals is not what was signed")
	case len(open) > 0 || len(by) == 0:
		r.check("sealed", Open, "not sealed: %s; whoever holds the identity key today could have written it", strings.Join(open, ", "))
	case weak > 0:
		r.check("sealed", Proved, "%s; certificate %d was signed by the identity key after the seal keys were lost", strings.Join(by, "; "), weak)
		v.below = append(v.below, "seal keys were lost")
	default:
		r.check("sealed", Proved, "%s; what came before is protected even if the host was taken over later", strings.Join(by, "; "))
	}
}

// wallText is the time of a seal.
func wallText(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.RFC3339) }

// checkExported compares the readable files with the entry that holds their hashes.
func (v *verifier) checkExported() {
	r, index := v.report, v.proof.Exported
	if v.question.Logged != (index != nil) {
		r.find("logged", proofName, "", "it is said to be logged and is not, or the other way round")
	}
	if index == nil {
		r.check("logged", Open, "not logged: the journal could not be written to, so no entry in it speaks of this file")
		return
	}
	e, err := v.control(*index)
	if err != nil {
		r.find("logged", proofName, systemName, err.Error(), *index, *index)
	} else if err := matchesExported(e, v.files); err != nil {
		r.find("logged", proofName, systemName, err.Error(), *index, *index)
	}
	if err == nil {
		r.check("logged", r.status("logged"), "entry %d of journal %s holds the hash of every readable file, written %s", *index, systemName, timeText(e.Received))
	} else {
		r.check("logged", Failed, "%v", err)
	}
}

// matchesExported compares the hashes in an exported entry with readable files.
func matchesExported(e *entry.Entry, files []file) error {
	if what, ok := observed(e, "CONTROL"); !ok || what != controlExported {
		return fmt.Errorf("the entry does not say that evidence was exported")
	}
	var got []string
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Name == fileHash && f.Form == entry.Inline {
			got = append(got, string(f.Value))
		}
	}
	for i, want := range readableHashes(files) {
		if i >= len(got) || got[i] != want {
			return fmt.Errorf("%s is not the file that was exported", want[sha256.Size*2+1:])
		}
	}
	if len(got) != len(readable) {
		return fmt.Errorf("the entry speaks of %d files, not %d", len(got), len(readable))
	}
	return nil
}

// readableHashes are the hashes of the readable files, the page with its proof block empty.
func readableHashes(files []file) []string {
	var out []string
	for _, name := range readable {
		data, _ := find(files, name)
		if name == pageName {
			data = emptied(data)
		}
		out = append(out, fmt.Sprintf("%x %s", sha256.Sum256(data), name))
	}
	return out
}

// checkPage checks the proof block of the page, and the page where no entry vouches for it.
func (v *verifier) checkPage() {
	r, page := v.report, v.data(pageName)
	block, ok := proofBlock(page)
	if want, err := v.contents.pageProof(v.trees); err != nil || !ok || !bytes.Equal(block, want) {
		r.find("page", pageName, "", "its proof block is not that of the other files")
	}
	if v.question.Logged {
		r.check("page", r.status("page", "logged"), "%s is the page that was exported, and its proof block is that of the other files", pageName)
		return
	}
	if v.question.Page != pageForm {
		r.check("page", Unclear, "%s has form %d, this program makes form %d: do not rely on the page", pageName, v.question.Page, pageForm)
		v.below = append(v.below, "page not checked")
		return
	}
	for _, name := range []string{pageName, readmeName, identityName} {
		want, err := v.contents.render(name)
		if err != nil || !bytes.Equal(emptied(v.data(name)), emptied(want)) {
			r.find("page", name, "", "is not the page that follows from the other files")
		}
	}
	r.check("page", r.status("page"), "%s says what the other files say", pageName)
}

// checkTrust compares the code with the one that the file must have.
func (v *verifier) checkTrust() {
	r, code := v.report, v.chain.zero.Code()
	switch {
	case v.options.Code == nil:
		r.check("trust", Open, "no verification code was given: the file vouches for itself; name the code with --code CODE")
		v.below = append(v.below, "against its own key only")
	case *v.options.Code != code:
		r.find("trust", certificates+"0", "", fmt.Sprintf("verification code %s, want %s (%s)", code, *v.options.Code, v.options.PinnedBy))
		r.check("trust", Failed, "the verification code is another one")
	default:
		r.Pinned = v.options.PinnedBy
		r.check("trust", Proved, "verification code by %s (matches)", v.options.PinnedBy)
	}
}
