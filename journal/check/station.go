package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"constat/internal/durable"
	"constat/journal/layout"
	"constat/seal"
)

// Station is the machine without a disk of its own of which the store is one boot.
type Station struct {
	Name string `json:"name"`
	VKey string `json:"vkey"`
	Code string `json:"code"` // of all its boots
	Boot string `json:"boot"`
	// Limit says what the endorsement does not give.
	Limit string `json:"limit"`
	code  seal.Code
}

// stationLimit: the key lies on the station.
const stationLimit = "not forward-secure across boots"

// station reads the endorsement of a store that is one boot of a station. Other stores have none.
func (c *checker) station() {
	data, err := durable.ReadFile(c.fsys, filepath.Join(c.dir, layout.StationFile), layout.MaxDescriptor)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil && !isContent(err):
		c.report.cannot(RuleRead, layout.StationFile, err)
		return
	}
	var s seal.Station
	var boot seal.BootID
	if err == nil {
		s, boot, err = seal.OpenBoot(data, c.store.Certificate)
	}
	if err != nil {
		c.add(Finding{Rule: RuleStation, File: layout.StationFile, Text: err.Error()})
		return
	}
	c.boot = &boot
	c.report.Station = &Station{Name: s.Name, VKey: s.VKey(), Code: s.Code().String(), Boot: boot.String(), Limit: stationLimit, code: s.Code()}
	c.report.note("%s: the key of station %s lies on the station, and whoever has taken it can make a store for any boot, past ones included; within this boot seals hold as everywhere",
		stationLimit, s.Name)
}

// isStation reports whether a code is that of the station which endorsed the store.
func (c *checker) isStation(code seal.Code) bool {
	return c.report.Station != nil && c.report.Station.code == code
}

// codes are those by which the store can be pinned, as text.
func (c *checker) codes() string {
	own := c.store.Certificate.Code().String()
	if s := c.report.Station; s != nil {
		return fmt.Sprintf("%s, station %s", own, s.Code)
	}
	return own
}
