package check_test

import (
	"bytes"
	"testing"

	"constat/internal/durable"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// TestPages: every byte of the pages for people counts, and a store need not have them.
func TestPages(t *testing.T) {
	fsys, code := build(t)
	secret, err := durable.ReadFile(fsys, layout.KeysDir(dir)+"/"+layout.IdentityFile, layout.MaxDescriptor)
	must(t, err)
	store, err := durable.ReadFile(fsys, dir+"/"+layout.StoreFile, layout.MaxDescriptor)
	must(t, err)
	s, err := layout.ParseStore(store)
	must(t, err)
	id, err := seal.ParseIdentity(string(secret), s.Certificate.Origin)
	must(t, err)
	page, err := seal.SignNote("the page\n", s.Certificate.Origin, id)
	must(t, err)
	endorsement, err := seal.EndorseStore(s.Certificate, "operator.example", id)
	must(t, err)
	for name, data := range map[string][]byte{layout.PageFile: page, layout.OperatorFile: endorsement} {
		for i := -1; i < len(data); i++ {
			changed := bytes.Clone(data)
			if i >= 0 {
				changed[i] ^= 1
			}
			must(t, fsys.WriteFile(dir+"/"+name, changed))
			r := inspect(fsys, code)
			if i < 0 && r.Verdict != check.Verified || i >= 0 && !hasFinding(r, check.RulePage, "", -1) {
				t.Fatalf("%s, byte %d changed: %s %v", name, i, r.Word, r.Findings)
			}
		}
		must(t, fsys.WriteFile(dir+"/"+name, data))
	}
}
