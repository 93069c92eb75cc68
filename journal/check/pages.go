package check

import (
	"errors"
	"io/fs"
	"path/filepath"

	"constat/internal/durable"
	"constat/journal/layout"
	"constat/seal"
)

// pages checks the signed notes for people beside the journals. No proof needs them, but a changed page names another
// code to whoever reads it. A store need not have them.
func (c *checker) pages() {
	terms := c.store.Certificate
	c.page(layout.PageFile, func(data []byte) error {
		_, err := seal.OpenNote(data, terms.Origin, terms.Identity)
		return err
	})
	c.page(layout.OperatorFile, func(data []byte) error {
		_, err := seal.OpenEndorsement(data, terms)
		return err
	})
}

func (c *checker) page(name string, open func(data []byte) error) {
	data, err := durable.ReadFile(c.fsys, filepath.Join(c.dir, name), layout.MaxDescriptor)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil && !isContent(err):
		c.report.cannot(RuleRead, name, err)
	case err != nil:
		c.add(Finding{Rule: RulePage, File: name, Text: err.Error()})
	default:
		if err := open(data); err != nil {
			c.add(Finding{Rule: RulePage, File: name, Text: "is not what was signed when the store was made: " + err.Error()})
		}
	}
}
