package api

import (
	"bytes"

	"github.com/VictoriaMetrics/metrics"
)

// Received is what one input has handed over since it began.
type Received struct {
	Input    string // its name
	Messages uint64
	Octets   uint64 // of the messages, with those that were too many to be kept
}

func writeReceived(b *bytes.Buffer, list []Received) {
	for _, r := range list {
		of := "{" + label("input", r.Input) + "}"
		metrics.WriteCounterUint64(b, "constat_input_messages_total"+of, r.Messages)
		metrics.WriteCounterUint64(b, "constat_input_octets_total"+of, r.Octets)
	}
}
