package daemon

import (
	"slices"
	"strconv"

	"constat/entry"
	"constat/internal/input/xen"
	"constat/journal"
	"constat/journal/layout"
)

// lookBack is how many entries of each journal are looked at for numbers of log channels, the newest.
const lookBack = 1 << 16

// channelRuns says which numbers of log channels are accounted for in the journals: what a daemon that was killed had read
// and not written is then missed, and not taken for kept.
func (d *Daemon) channelRuns() xen.Known {
	known := xen.Known{Runs: map[string][]xen.KnownRun{}, All: true}
	r, err := journal.OpenReader(d.options.FS, d.options.Dir)
	if err != nil {
		d.log.Warn("numbers of log channels", "error", err)
		return xen.Known{}
	}
	views, err := r.Snapshot()
	defer journal.CloseViews(views)
	if err != nil {
		d.log.Warn("numbers of log channels", "error", err)
		known.All = false
	}
	for _, v := range views {
		if v.Journal.Name == layout.ImportedName {
			continue
		}
		from := v.Size - min(v.Size, lookBack)
		known.All = known.All && from == 0 && len(v.Pruned()) == 0
		for item, err := range v.Entries(journal.Range{From: from, To: v.Size}) {
			if err != nil {
				known.All = false
				continue
			}
			noteRun(known.Runs, item.Entry)
		}
	}
	return known
}

// noteRun notes what an entry says of a run: that a message of it is kept, or which messages are missing.
func noteRun(runs map[string][]xen.KnownRun, e *entry.Entry) {
	if transport, _ := e.Get("_TRANSPORT"); string(transport) != "xen" {
		return
	}
	domain, _ := e.Get("_XEN_DOMAIN")
	run, kept := e.Get(entry.FrameRun)
	number, _ := e.Get(entry.FrameNumber)
	if missing, found := e.Get(xen.LossRun); found {
		run, kept = missing, true
		number, _ = e.Get(xen.LossLast)
	}
	last, err := strconv.ParseUint(string(number), 10, 63)
	if flag, odd := e.Get("_FRAMING"); !kept || err != nil || odd && string(flag) == xen.FlagNumber {
		return
	}
	list := runs[string(domain)]
	at := slices.IndexFunc(list, func(k xen.KnownRun) bool { return k.Run == string(run) })
	if at >= 0 {
		last = max(last, list[at].Last)
		list = slices.Delete(list, at, at+1)
	}
	runs[string(domain)] = append(list, xen.KnownRun{Run: string(run), Last: last})
}
