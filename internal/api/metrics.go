package api

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Stats is what the daemon counts, since its start.
type Stats struct {
	Accepted   uint64            // messages taken into the queue
	Durable    uint64            // messages that no crash takes
	Dropped    map[string]uint64 // messages lost, by reason; each stands in a loss entry too
	QueueBytes int64             // octets in the queue
	QueueLimit int64             // of them; 0: not known
	DiskFree   int64             // bytes on the file system of the store; below 0: not known
	Inputs     []Input
	Outputs    []Output
	Received   []Received
}

// Output is what has become of an output.
type Output struct {
	Name       string
	Up         bool              // it has a target
	Delivered  uint64            // messages
	Retried    uint64            // messages that were sent again
	Dropped    map[string]uint64 // messages, by reason
	LagEntries uint64            // signed and not delivered
	Lag        time.Duration     // since the oldest of them was received
	CertDays   *int              // of our certificate; nil without one
}

// Input is what one input of the network counts.
type Input struct {
	Name        string
	Connections int       // now
	Refused     uint64    // connections, since the start
	Expires     time.Time // its certificate; the zero time: it has none
	Broker      *Broker   // nil: it takes nothing from a broker
}

// Broker is what an input counts that subscribes to a broker, since the start.
type Broker struct {
	Received    uint64 // messages
	Broken      uint64 // payloads that were kept as text or in part
	Redelivered uint64 // messages that the broker sent again
}

// metrics prints the figures in the Prometheus text format (prometheus.io/docs/instrumenting/exposition_formats).
func (h *handler) metrics(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	journals, err := h.journals()
	if err != nil {
		h.fail(w, r, err)
		return
	}
	stats := h.Stats()
	writeStats(&b, stats)
	writeInputs(&b, stats.Inputs, h.Now())
	writeReceived(&b, stats.Received)
	for _, j := range journals {
		h.writeJournal(&b, j)
	}
	h.writeVouched(&b)
	metrics.WriteGaugeUint64(&b, "constat_info{"+label("version", h.Version)+"}", 1)
	metrics.WriteProcessMetrics(&b)
	metrics.WriteFDMetrics(&b)
	text(w, http.StatusOK, b.String())
}

func writeStats(b *bytes.Buffer, s Stats) {
	metrics.WriteCounterUint64(b, "constat_accepted_total", s.Accepted)
	metrics.WriteCounterUint64(b, "constat_durable_total", s.Durable)
	for _, reason := range slices.Sorted(maps.Keys(s.Dropped)) {
		metrics.WriteCounterUint64(b, "constat_dropped_total{"+label("reason", reason)+"}", s.Dropped[reason])
	}
	metrics.WriteGaugeFloat64(b, "constat_queue_bytes", float64(s.QueueBytes))
	if s.QueueLimit > 0 {
		metrics.WriteGaugeFloat64(b, "constat_queue_limit_bytes", float64(s.QueueLimit))
	}
	if s.DiskFree >= 0 {
		metrics.WriteGaugeFloat64(b, "constat_disk_free_bytes", float64(s.DiskFree))
	}
	for _, o := range s.Outputs {
		writeOutput(b, o)
	}
}

func writeOutput(b *bytes.Buffer, o Output) {
	name := label("output", o.Name)
	of, up := "{"+name+"}", uint64(0)
	if o.Up {
		up = 1
	}
	metrics.WriteGaugeUint64(b, "constat_output_up"+of, up)
	metrics.WriteCounterUint64(b, "constat_output_delivered_total"+of, o.Delivered)
	metrics.WriteCounterUint64(b, "constat_output_retried_total"+of, o.Retried)
	for _, reason := range slices.Sorted(maps.Keys(o.Dropped)) {
		metrics.WriteCounterUint64(b, "constat_output_dropped_total{"+name+","+label("reason", reason)+"}", o.Dropped[reason])
	}
	metrics.WriteGaugeUint64(b, "constat_output_lag_entries"+of, o.LagEntries)
	metrics.WriteGaugeFloat64(b, "constat_output_lag_seconds"+of, o.Lag.Seconds())
	if o.CertDays != nil {
		metrics.WriteGaugeFloat64(b, "constat_output_certificate_days"+of, float64(*o.CertDays))
	}
}

func writeInputs(b *bytes.Buffer, inputs []Input, now time.Time) {
	for _, in := range inputs {
		of := "{" + label("input", in.Name) + "}"
		metrics.WriteGaugeUint64(b, "constat_input_connections"+of, uint64(in.Connections))
		metrics.WriteCounterUint64(b, "constat_input_refused_total"+of, in.Refused)
		if !in.Expires.IsZero() {
			metrics.WriteGaugeFloat64(b, "constat_tls_certificate_days"+of, in.Expires.Sub(now).Hours()/24)
		}
		if in.Broker != nil {
			metrics.WriteCounterUint64(b, "constat_mqtt_received_total"+of, in.Broker.Received)
			metrics.WriteCounterUint64(b, "constat_mqtt_broken_total"+of, in.Broker.Broken)
			metrics.WriteCounterUint64(b, "constat_mqtt_redelivered_total"+of, in.Broker.Redelivered)
		}
	}
}

func (h *handler) writeJournal(b *bytes.Buffer, j Journal) {
	of := "{" + label("journal", j.Name) + "}"
	readable := uint64(1)
	if j.Problem != "" {
		readable = 0
	}
	metrics.WriteGaugeUint64(b, "constat_journal_readable"+of, readable)
	metrics.WriteGaugeUint64(b, "constat_journal_bytes"+of, uint64(j.Bytes))
	if readable == 1 {
		metrics.WriteGaugeUint64(b, "constat_journal_entries"+of, j.Size)
		metrics.WriteGaugeUint64(b, "constat_checkpoint_entries"+of, j.Signed)
		metrics.WriteGaugeFloat64(b, "constat_checkpoint_age_seconds"+of, h.Now().Sub(j.At).Seconds())
	}
}

// label prints name="value" with the escapes of the format.
func label(name, value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	return name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}
