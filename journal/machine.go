package journal

import (
	"encoding/hex"
	"os"
	"strings"

	"constat/seal"

	"golang.org/x/sys/unix"
)

// Machine is what a seal says of the machine beside the time.
type Machine struct {
	Boot         seal.BootID // all zero is unknown
	Synchronised bool        // the kernel's clock is, as far as it knows
	ID           string      // tells machines apart; "" is unknown
}

// ThisMachine asks the kernel: /proc/sys/kernel/random/boot_id, adjtimex(2) and /etc/machine-id. What it does not tell stays zero.
func ThisMachine() Machine {
	m := Machine{Synchronised: clockSynchronised(), ID: machineID()}
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return m
	}
	if id, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", "")); err == nil && len(id) == len(m.Boot) {
		m.Boot = seal.BootID(id)
	}
	return m
}

// clockSynchronised reports whether something disciplines the clock, such as NTP.
func clockSynchronised() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}
