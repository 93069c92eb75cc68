package api

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// witnessPrefix is where other logs have their checkpoints cosigned (c2sp.org/tlog-witness).
const witnessPrefix = "/witness"

// Vouched is how it stands with somebody who vouches for a journal.
type Vouched struct {
	Kind     string // witness or timestamp
	By       string // name of the key of the witness, or address of the authority
	Journal  string
	Size     uint64    // entries of the newest checkpoint that was cosigned or stamped
	Time     time.Time // when, as they say; zero: never
	Failures uint64    // since the start
	Failing  bool      // the last try failed
}

// Witness is the witness that a daemon is for others.
type Witness struct {
	Handler http.Handler // of the paths below the prefix
	// Counts returns how many checkpoints were cosigned since the start, and how many refused, by status of the answer.
	Counts func() (cosigned uint64, refused map[int]uint64)
}

// witness serves what is below the prefix; it reports false if the path is not.
func (h *handler) witness(w http.ResponseWriter, r *http.Request) bool {
	if h.Witness.Handler == nil || r.URL.RawPath != "" || !strings.HasPrefix(r.URL.Path, witnessPrefix+"/") {
		return false
	}
	http.StripPrefix(witnessPrefix, h.Witness.Handler).ServeHTTP(w, r)
	return true
}

// writeVouched prints the figures of both roles.
func (h *handler) writeVouched(b *bytes.Buffer) {
	if h.Vouched != nil {
		for _, v := range h.Vouched() {
			h.writeOne(b, v)
		}
	}
	if h.Witness.Counts == nil {
		return
	}
	cosigned, refused := h.Witness.Counts()
	metrics.WriteCounterUint64(b, "constat_witness_cosigned_total", cosigned)
	for _, status := range slices.Sorted(maps.Keys(refused)) {
		metrics.WriteCounterUint64(b, "constat_witness_refused_total{"+label("status", strconv.Itoa(status))+"}", refused[status])
	}
}

func (h *handler) writeOne(b *bytes.Buffer, v Vouched) {
	of := "{" + label("by", v.By) + "," + label("journal", v.Journal) + "}"
	prefix := "constat_" + v.Kind + "_"
	failing := uint64(0)
	if v.Failing {
		failing = 1
	}
	metrics.WriteGaugeUint64(b, prefix+"failing"+of, failing)
	metrics.WriteCounterUint64(b, prefix+"failures_total"+of, v.Failures)
	if !v.Time.IsZero() {
		metrics.WriteGaugeUint64(b, prefix+"entries"+of, v.Size)
		metrics.WriteGaugeFloat64(b, prefix+"age_seconds"+of, h.Now().Sub(v.Time).Seconds())
	}
}
