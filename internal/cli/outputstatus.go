package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"constat/internal/forward"
	"constat/internal/vfs"
	"constat/journal"
)

// outputStatus is what "status -o json" says of an output; the names are a contract.
type outputStatus struct {
	forward.Noted
	Lag        uint64   `json:"lag"`         // entries that are signed and not delivered
	LagSeconds *float64 `json:"lag_seconds"` // since the oldest of them was received; null if there is none
}

// outputsOf reads what is noted of the outputs. Where no daemon runs they are stopped, also if it was killed.
func outputsOf(r *journal.Reader, views []*journal.View, runs bool) (map[string]outputStatus, error) {
	noted, err := forward.ReadLedger(vfs.OS(), r.Dir())
	if err != nil {
		return nil, err
	}
	all := map[string]outputStatus{}
	for name, n := range noted {
		s := outputStatus{Noted: n}
		if !runs {
			s.State = forward.StateStopped
		}
		for _, v := range views {
			place, read := n.Places[v.Journal.Name]
			if read && (place.ID == "" || place.ID == fmt.Sprintf("%x", v.Journal.ID)) {
				s.behind(r, v, place.Next)
			}
		}
		all[name] = s
	}
	return all, nil
}

// behind adds what is not delivered of a journal.
func (s *outputStatus) behind(r *journal.Reader, v *journal.View, next uint64) {
	point, err := r.Checkpoint(v.Journal.Name)
	if err != nil || next >= point.Size {
		return
	}
	s.Lag += point.Size - next
	for item, err := range v.Entries(journal.Range{From: next, To: point.Size}) {
		if err != nil {
			continue // status tells of it elsewhere
		}
		if age := time.Since(time.UnixMicro(item.Entry.Received)).Seconds(); s.LagSeconds == nil || age > *s.LagSeconds {
			s.LagSeconds = &age
		}
		return
	}
}

// printOutputs prints what is known of the outputs.
func (a *app) printOutputs(s storeStatus) {
	for _, name := range slices.Sorted(maps.Keys(s.Outputs)) {
		o := s.Outputs[name]
		state := o.State
		switch {
		case s.Socket == "":
			state = "no daemon runs"
		case state == forward.StateStopped:
			state = "stopped: not in the configuration any more"
		}
		fmt.Fprintf(a.out, "output %s\n  %s", printable(name), state)
		if o.Target != "" {
			fmt.Fprintf(a.out, ", %s", printable(o.Target))
		}
		fmt.Fprintf(a.out, "\n  delivered %d, retried %d, behind by %d entries", o.Delivered, o.Retried, o.Lag)
		if o.LagSeconds != nil {
			fmt.Fprintf(a.out, " and %.0f s", *o.LagSeconds)
		}
		fmt.Fprintln(a.out)
		var at []string
		for _, journal := range slices.Sorted(maps.Keys(o.Places)) {
			at = append(at, fmt.Sprintf("%s %d", journal, o.Places[journal].Next))
		}
		fmt.Fprintf(a.out, "  next    %s\n", strings.Join(at, ", "))
		for _, reason := range slices.Sorted(maps.Keys(o.Dropped)) {
			fmt.Fprintf(a.out, "  dropped %d: %s\n", o.Dropped[reason], reason)
		}
		switch days := o.CertDays; {
		case days != nil && *days < 0:
			fmt.Fprintln(a.out, "  our certificate has expired")
		case days != nil:
			fmt.Fprintf(a.out, "  our certificate is valid for %d days\n", *days)
		}
		if o.Error != "" {
			fmt.Fprintf(a.out, "  error   %s\n", printable(o.Error))
		}
	}
}
