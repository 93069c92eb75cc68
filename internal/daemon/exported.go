package daemon

import (
	"context"

	"constat/entry"
	"constat/journal/layout"
	"constat/seal"
)

// exportedEvidence is what the control entry says that tells of evidence.
const exportedEvidence = "exported"

// Exported implements [native.Backend].
func (b backend) Exported(ctx context.Context, e *entry.Entry) error {
	if e != nil {
		c := layout.NewControl(exportedEvidence, "evidence exported")
		c.Fields = append(c.Fields, e.Fields...)
		if _, err := b.d.intake.Commit(ctx, layout.System, []entry.Entry{c}); err != nil {
			return err
		}
	}
	return b.d.store.seal(seal.Request)
}

// seal seals the store.
func (s *store) seal(reason seal.Reason) error {
	w := s.get()
	_, err := w.Seal(reason)
	return s.told(w, err)
}
