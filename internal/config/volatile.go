package config

import (
	"time"

	"constat/seal"
)

// Volatile has the daemon keep its store in memory, for a machine without a disk of its own: a new store at each boot,
// endorsed by the key of the station.
type Volatile struct {
	// Station is the name of the station; the host name by default. The origin of the store is this, a slash and the
	// boot id.
	Station string `yaml:"station"`
	// Key is a file with the private Ed25519 key of the station, in PEM, which the station was given.
	Key string `yaml:"key"`
	// Size is what all files of the store may take together. Default 256MiB, at least 32MiB.
	Size Size `yaml:"size"`
}

// Limits of a store in memory.
const (
	defaultVolatileSize = 256 << 20
	minVolatileSize     = 32 << 20
	minVolatileFree     = 16 << 20 // retention begins before the reserve of 8 MiB for losses and seals is reached
	volatileFloor       = Age(time.Hour)
)

// Bytes is what the store may take.
func (v *Volatile) Bytes() int64 {
	if v.Size == 0 {
		return defaultVolatileSize
	}
	return int64(v.Size)
}

// Kept is the retention with its defaults for where the store is. A store in memory has its room for itself, so that
// what bounds it is the whole, not each journal. Its floor is an hour: with a day, as on a disk, a boot that fills its
// memory in the morning would take nothing in until the next morning, while what one session left is taken away by whoever
// had it long before an hour has passed. The journal audit keeps its 30 days, which is every boot to its end.
func (c *Config) Kept() Retention {
	r := c.Retention
	if c.Volatile == nil {
		return r
	}
	if r.MaxSize == (Room{}) {
		r.MaxSize = Room{None: true}
	}
	if r.KeepFree == (Room{}) {
		r.KeepFree = Room{Bytes: max(c.Volatile.Bytes()/100*defaultKeepFree, minVolatileFree)}
	}
	if r.Floor == 0 {
		r.Floor = volatileFloor
	}
	return r
}

func (c *Config) validateVolatile() (found []problem) {
	v := c.Volatile
	if v == nil {
		return nil
	}
	if v.Station != "" {
		if err := seal.ValidStation(v.Station); err != nil {
			found = append(found, problem{"volatile.station", err.Error()})
		}
	}
	if v.Key == "" {
		found = append(found, problem{"volatile", "without key nobody endorses the store: name a file, which 'openssl genpkey -algorithm ed25519' makes"})
	}
	if v.Size != 0 && v.Size < minVolatileSize {
		found = append(found, problem{"volatile.size", "at least 32MiB"})
	}
	if c.Origin != "" {
		found = append(found, problem{"origin", "with volatile the name of the store is volatile.station and the boot id"})
	}
	return found
}
