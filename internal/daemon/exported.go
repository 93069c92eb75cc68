package daemon

import (
	"context"

	"constat/entry"
	"constat/journal/layout"
)

// exportedEvidence is what the control entry says that tells of evidence.
const exportedEvidence = "exported"

// Exported implements [native.Backend].
func (b backend) Exported(ctx context.Context, e *entry.Entry) error {
	c := layout.NewControl(exportedEvidence, "evidence exported")
	c.Fields = append(c.Fields, e.Fields...)
	if _, err := b.d.intake.Commit(ctx, layout.System, []entry.Entry{c}); err != nil {
		return err
	}
	return b.Seal(ctx, "")
}
