// Package station writes the log of a program of a decontamination station: each entry to standard output, and, in a
// domain, as a frame (FORMAT.md, section 22) into the channel to Dom0, whose daemon keeps it; in Dom0, to that daemon. It
// reads the log back, in a domain its own, and saves it to a medium. docs/station-log.md has it all.
//
//	log := station.New(station.Options{})
//	defer log.Close()
//	log.Info("disk mounted", "sys-usb")
//
// No call that logs waits longer than [Options].Timeout, fails, or panics, whatever the channel does. What cannot be written keeps
// its number, so that the reader misses it, and is counted: see [Api.Stats]. [Channel] is the same without a goroutine.
package station

import "time"

// Level is the severity of an entry in the numbers of syslog (PRIORITY): the smaller, the worse.
type Level int

// The levels.
const (
	LevelCritical Level = 2
	LevelError    Level = 3
	LevelWarn     Level = 4
	LevelInfo     Level = 6
	LevelDebug    Level = 7
)

// Defaults.
const (
	// DefaultChannel is the log channel in a domain.
	DefaultChannel = "/dev/hvc2"
	// DefaultTimeout is how long a call may wait.
	DefaultTimeout = 200 * time.Millisecond
	// DefaultBuffer is the memory of entries that wait, in bytes, once for the channel and once for standard output.
	DefaultBuffer = 256 << 10
)

// When a heartbeat says the number of the last message: once nothing more comes, and now and then while they come.
const (
	heartbeatQuiet = 5 * time.Second
	heartbeatEvery = 10 * time.Second
)
