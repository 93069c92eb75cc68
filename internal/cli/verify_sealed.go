package cli

import (
	"time"

	"constat/journal/check"
)

// printSealed says up to where and when a store is sealed. How long ago that is tells whether it still is; the files
// alone do not.
func printSealed(line func(format string, args ...any), r *check.Report, now time.Time) {
	if s := r.Station; s != nil {
		line("  station   %s, boot %s: %s; code %s", s.Name, s.Boot, s.Limit, s.Code)
	}
	if r.Sealed == nil {
		line("  sealed    never: only checkpoints, which whoever holds the identity key can sign anew")
		return
	}
	at := time.UnixMicro(r.Sealed.Time).UTC()
	line("  sealed    by seal %d of generation %d (%s) at %s, %s ago; %d seals checked", r.Sealed.Counter, r.Sealed.Generation,
		r.Sealed.Reason, at.Format(time.RFC3339), now.Sub(at).Round(time.Second), r.Sealed.Seals)
	for _, u := range r.Unclean {
		line("  unclean   not sealed for %s, from seal %d to seal %d", time.Duration((u.To-u.From)*1000).Round(time.Second), u.After, u.Before)
	}
	for _, x := range r.Reseeded {
		line("  reseeded  seal keys were lost before seal %d: only the identity key vouches for generation %d", x.Counter, x.Generation)
	}
}
