package daemon

import (
	"context"
	"fmt"
	"strconv"

	"constat/entry"
	"constat/internal/api"
	"constat/internal/forward"
	"constat/journal/layout"
)

// writeStatistics writes down what each input has received and what has become of each output.
func (d *Daemon) writeStatistics(ctx context.Context) {
	var list []entry.Entry
	for _, r := range d.counts.received() {
		list = append(list, d.inputStatistic(r))
	}
	for _, s := range d.outputs.status() {
		list = append(list, d.statistic(s))
	}
	if len(list) == 0 {
		return
	}
	if _, err := d.intake.Commit(ctx, layout.System, list); err != nil && ctx.Err() == nil {
		d.log.Warn("statistics", "error", err)
	}
}

// statistic is an entry about one output, which that output does not get.
func (d *Daemon) statistic(s forward.Status) entry.Entry {
	dropped := uint64(0)
	for _, n := range s.Dropped {
		dropped += n
	}
	var e entry.Entry
	add := func(name, value string) { e.AddString(name, value, entry.Observed) }
	add("MESSAGE", fmt.Sprintf("output %s: %s, delivered %d, retried %d, dropped %d, behind by %d entries and %.0f s",
		s.Name, s.State, s.Delivered, s.Retried, dropped, s.LagEntries, s.Lag.Seconds()))
	add("PRIORITY", "6")
	add("SYSLOG_FACILITY", "5")
	add("SYSLOG_IDENTIFIER", "constat")
	add(forward.OutputField, s.Name)
	add("_OUTPUT_STATE", s.State)
	if s.Error != "" {
		add("_OUTPUT_ERROR", s.Error)
	}
	add("_OUTPUT_DELIVERED", strconv.FormatUint(s.Delivered, 10))
	add("_OUTPUT_RETRIED", strconv.FormatUint(s.Retried, 10))
	add("_OUTPUT_DROPPED", strconv.FormatUint(dropped, 10))
	add("_OUTPUT_LAG", strconv.FormatUint(s.LagEntries, 10))
	e.Fields = append(e.Fields, d.facts...)
	return e
}

// outputStats is what the metrics tell of the outputs.
func (d *Daemon) outputStats() (list []api.Output) {
	for _, s := range d.outputs.status() {
		list = append(list, api.Output{Name: s.Name, Up: s.State == forward.StateUp, Delivered: s.Delivered, Retried: s.Retried, Dropped: s.Dropped,
			LagEntries: s.LagEntries, Lag: s.Lag, CertDays: s.CertDays})
	}
	return list
}
