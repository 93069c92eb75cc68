package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"constat/journal"
	"constat/journal/layout"
)

// Retention says how much of the journals is kept. Without it: 10% of the file system for each journal, at most 4GiB,
// and 15% of the file system stay free.
type Retention struct {
	// MaxAge, MaxSize and Floor hold for the journals that Journals does not name.
	MaxAge  Age  `yaml:"max_age"`
	MaxSize Room `yaml:"max_size"`
	Floor   Age  `yaml:"floor"`
	// KeepFree is what of the file system stays free: the oldest segments and heads of all journals go until it is. Default 15%.
	KeepFree Room `yaml:"keep_free"`
	// Journals says it for single journals; what one does not set is as above.
	Journals map[string]Keep `yaml:"journals"`
}

// Keep is the retention of one journal.
type Keep struct {
	// MaxAge is how old the newest entry of a segment or complete head may be. Default: any age.
	MaxAge Age `yaml:"max_age"`
	// MaxSize is for all files of the journal. Default 10% of the file system, at most 4GiB.
	MaxSize Room `yaml:"max_size"`
	// Floor is the age below which nothing is removed, whatever the limits say. Default 1d, for the journal audit 30d,
	// which is also the least that can be set there.
	Floor Age `yaml:"floor"`
}

// Defaults of retention.
const (
	defaultShare    = 10      // percent of the file system, for each journal
	defaultMaxSize  = 4 << 30 // bytes, if that is less
	defaultKeepFree = 15      // percent of the file system
)

// Policy is the retention of a store on a file system of that many bytes.
func (r Retention) Policy(total int64) journal.Policy {
	p := journal.Policy{KeepFree: r.KeepFree.of(total, Room{Percent: defaultKeepFree}), Journals: map[string]journal.Retention{}}
	all := Keep{MaxAge: r.MaxAge, MaxSize: r.MaxSize, Floor: r.Floor}
	p.Others = all.retention(total)
	for name, k := range r.Journals {
		if k.MaxAge == 0 {
			k.MaxAge = all.MaxAge
		}
		if k.MaxSize == (Room{}) {
			k.MaxSize = all.MaxSize
		}
		if k.Floor == 0 && name != layout.AuditName {
			k.Floor = all.Floor
		}
		p.Journals[name] = k.retention(total)
	}
	if _, named := p.Journals[layout.AuditName]; !named { // it has a floor of its own
		all.Floor = 0
		p.Journals[layout.AuditName] = all.retention(total)
	}
	return p
}

func (k Keep) retention(total int64) journal.Retention {
	share := min(total/100*defaultShare, defaultMaxSize)
	return journal.Retention{MaxAge: time.Duration(k.MaxAge), MaxBytes: k.MaxSize.of(total, Room{Bytes: share}), Floor: time.Duration(k.Floor)}
}

// validate finds what cannot hold.
func (r Retention) validate() (found []problem) {
	for name := range r.Journals {
		if err := layout.ValidJournalName(name); err != nil {
			found = append(found, problem{"retention.journals." + name, err.Error()})
		}
	}
	return append(found, r.validateAudit()...)
}

// Age is a long time, written with h, d, w or y (365 days) behind a number.
type Age time.Duration

// ParseAge reads an age such as 3d or 2y.
func ParseAge(s string) (time.Duration, error) {
	digits := strings.TrimRight(s, "hdwy")
	unit := map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour}[s[len(digits):]]
	n, err := strconv.ParseUint(digits, 10, 20)
	if err != nil || unit == 0 || n == 0 || int64(n) > math.MaxInt64/int64(unit) {
		return 0, fmt.Errorf("%q: want an age such as 12h, 3d, 2w or 2y", s)
	}
	return time.Duration(n) * unit, nil
}

// UnmarshalYAML reads an age.
func (a *Age) UnmarshalYAML(n ast.Node) error {
	parsed, err := ParseAge(n.GetToken().Value)
	if err != nil {
		return &yaml.SyntaxError{Message: err.Error(), Token: n.GetToken()}
	}
	*a = Age(parsed)
	return nil
}

// Room is a number of bytes, or a share of a file system, or no limit. The zero value is the default.
type Room struct {
	Bytes   int64
	Percent int
	None    bool // written "off"
}

// UnmarshalYAML reads a number of bytes, a percentage, or "off".
func (r *Room) UnmarshalYAML(n ast.Node) error {
	text := strings.TrimSpace(n.GetToken().Value)
	if text == Off {
		*r = Room{None: true}
		return nil
	}
	if number, found := strings.CutSuffix(text, "%"); found {
		percent, err := strconv.Atoi(strings.TrimSpace(number))
		if err != nil || percent < 1 || percent > 99 {
			return wrong(n, "want a share from 1% to 99%")
		}
		*r = Room{Percent: percent}
		return nil
	}
	bytes, err := ParseSize(text)
	if err != nil {
		return wrong(n, "want a number of bytes such as 4GiB, a share such as 10%, or off")
	}
	*r = Room{Bytes: bytes}
	return nil
}

// of is the number of bytes on a file system of that size; 0 is no limit.
func (r Room) of(total int64, otherwise Room) int64 {
	if r == (Room{}) {
		r = otherwise
	}
	if r.None {
		return 0
	}
	return r.Bytes + total/100*int64(r.Percent)
}
