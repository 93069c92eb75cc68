package cli

import (
	"errors"
	"fmt"

	"constat/evidence"
	"constat/internal/durable"
	"constat/internal/vfs"
)

// upgrade proves evidence that exists by the journals as they are by now: later seals and cosignatures come in, and
// nothing that people read changes.
func (a *app) upgrade(f proveFlags, args []string) error {
	if len(args) > 0 || f.form != "" {
		return usage("--upgrade FILE asks no question and knows no --format")
	}
	data, err := durable.ReadFile(vfs.OS(), f.upgrade, evidence.MaxFile)
	if err != nil {
		return err
	}
	r, err := a.openReader()
	if err != nil {
		return err
	}
	code := r.Certificate().Code()
	if report := evidence.Verify(data, evidence.Options{Code: &code}); report.Verdict != evidence.Verified {
		return fmt.Errorf("%s is not sound evidence from the store %s: %s; see 'constat verify %s'", f.upgrade, r.Dir(), report.Title, f.upgrade)
	}
	d, at, err := evidence.Reopen(data)
	if err != nil {
		return fmt.Errorf("%s: %w", f.upgrade, err)
	}
	p := proving{app: a, reader: r, flags: f}
	if p.writer, err = a.proofWriter(); err != nil {
		return err
	}
	err = p.writer.seal()
	var zip []byte
	if err == nil {
		zip, err = p.finish(d, at)
	}
	if err = errors.Join(err, p.writer.close()); err != nil {
		return err
	}
	name := f.file
	if name == "" {
		name = f.upgrade
	}
	return a.writeEvidence(name, "zip", zip)
}
