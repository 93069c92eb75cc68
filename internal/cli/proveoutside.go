package cli

import (
	"constat/entry"
	"constat/evidence"
)

// witnessed returns the checkpoints of the logs that witnesses have cosigned.
func (p *proving) witnessed(*evidence.Draft, []evidence.Log) ([]evidence.Witnessed, error) {
	return nil, nil // nobody keeps cosignatures yet
}

// discloser returns what tells of fields whose values are not in the leaf; nil: nothing is told.
func (p *proving) discloser(*openLogs) func(journal string, index uint64, e *entry.Entry) ([]evidence.Disclosure, error) {
	return nil
}
