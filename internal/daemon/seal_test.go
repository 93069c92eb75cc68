package daemon

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"constat/entry"
	"constat/journal/layout"
	"constat/seal"
)

// seals returns the seals of the store, in order.
func (p *place) seals() (list []seal.Seal) {
	p.each(layout.System, func(e *entry.Entry) {
		if e.Kind != entry.Seal {
			return
		}
		record, _ := e.Get(layout.SealField)
		s, err := seal.ParseSeal(record)
		if err != nil {
			p.t.Error(err)
		}
		list = append(list, s)
	})
	return list
}

func reasons(list []seal.Seal) (words []string) {
	for _, s := range list {
		words = append(words, s.Reason.String())
	}
	return words
}

// TestSealsOfADaemon: a seal at start and at stop; what is critical is sealed at once, at most once a second, however
// often it is said, and never because of the network.
func TestSealsOfADaemon(t *testing.T) {
	p := newPlace(t, everything)
	d := p.serve()
	p.until("a boot seal", func() bool { return len(p.seals()) == 1 })

	network := p.dial("udp")
	for i := range 20 {
		fmt.Fprintf(network, "<10>network: critical %d", i)
	}
	time.Sleep(1500 * time.Millisecond)
	if list := p.seals(); len(list) != 1 {
		t.Errorf("the network causes seals: %q", reasons(list))
	}

	local := p.dial("unixgram")
	begun := time.Now()
	for i := range 100 {
		fmt.Fprintf(local, "<10>local: critical %d", i)
		time.Sleep(30 * time.Millisecond)
	}
	p.until("an urgent seal", func() bool { return len(p.seals()) >= 2 })
	took := int(time.Since(begun).Seconds())
	d.stop()
	list := p.seals()
	urgent := len(list) - 2
	if urgent < 2 || urgent > took+2 || list[0].Reason != seal.Boot || list[len(list)-1].Reason != seal.Stop {
		t.Errorf("%d urgent seals in %d s: %q", urgent, took, reasons(list))
	}
	for i := 2; i < len(list)-1; i++ {
		if gap := list[i].Boottime - list[i-1].Boottime; gap < 900_000 {
			t.Errorf("%d µs between seals %d and %d", gap, i-1, i)
		}
	}
	p.run("verify")
}

// TestSealsAfterAKill: a daemon that was killed leaves seals that the next one goes on from.
func TestSealsAfterAKill(t *testing.T) {
	p := newPlace(t, "")
	for range 2 {
		d := p.serve()
		n := len(p.seals())
		p.until("a boot seal", func() bool { return len(p.seals()) > n })
		d.kill()
	}
	p.serve().stop()
	if words := reasons(p.seals()); !slices.Equal(words, []string{"boot", "boot", "boot", "stop"}) {
		t.Errorf("%q", words)
	}
	p.run("verify")
}
