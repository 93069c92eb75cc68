package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

var stationSeed = [32]byte{7}

func bootStore() (Certificate, BootID) {
	boot := BootID{0xab, 15: 1}
	origin := Station{Name: "lab/station-7"}.Origin(boot)
	return Certificate{Store: StoreID{1}, Origin: origin, Identity: IdentityOf([32]byte{1}).Public(), SealAfter: 60, Heartbeat: 900, Keys: 16}, boot
}

// TestOneCodeForAllBoots: each boot has a store of its own, and the code of the station stands for all.
func TestOneCodeForAllBoots(t *testing.T) {
	key := IdentityOf(stationSeed)
	first, boot := bootStore()
	second := first
	second.Store, second.Origin = StoreID{2}, Station{Name: "lab/station-7"}.Origin(BootID{2})
	var codes []Code
	for _, c := range []Certificate{first, second} {
		note, err := EndorseBoot(c, "lab/station-7", key)
		if err != nil {
			t.Fatal(err)
		}
		s, of, err := OpenBoot(note, c)
		if err != nil || s.Key != key.Public() || s.Origin(of) != c.Origin {
			t.Fatalf("%+v %s %v", s, of, err)
		}
		codes = append(codes, s.Code())
		if s.Code() == c.Code() {
			t.Error("the code of the store is that of the station")
		}
	}
	if codes[0] != codes[1] {
		t.Errorf("codes %v", codes)
	}
	if _, of, _ := OpenBoot(must(EndorseBoot(first, "lab/station-7", key)), first); of != boot {
		t.Errorf("boot %s, want %s", of, boot)
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// TestEndorsementOfABoot: every byte counts, another store does not pass, and neither does another key.
func TestEndorsementOfABoot(t *testing.T) {
	c, _ := bootStore()
	key := IdentityOf(stationSeed)
	note := must(EndorseBoot(c, "lab/station-7", key))
	good, _, err := OpenBoot(note, c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range note {
		changed := bytes.Clone(note)
		changed[i] ^= 1
		if s, _, err := OpenBoot(changed, c); err == nil && s.Code() == good.Code() {
			t.Fatalf("byte %d can be changed:\n%s", i, changed)
		}
	}
	other := c
	other.Store[0]++
	if _, _, err := OpenBoot(note, other); !errors.Is(err, ErrStation) {
		t.Errorf("another store: %v", err)
	}
	if s, _, err := OpenBoot(must(EndorseBoot(c, "lab/station-7", IdentityOf([32]byte{9}))), c); err != nil || s.Code() == good.Code() {
		t.Errorf("another key gives code %s: %v", s.Code(), err)
	}
	for _, origin := range []string{"lab/station-7", "lab/station-7/0", "lab/station-7/" + strings.Repeat("A", 32), "x/lab/station-7/" + BootID{}.String()} {
		other.Origin = origin
		if _, err := EndorseBoot(other, "lab/station-7", key); !errors.Is(err, ErrStation) {
			t.Errorf("origin %s: %v", origin, err)
		}
	}
}

func TestNamesOfStations(t *testing.T) {
	for name, good := range map[string]bool{"station-7": true, "lab/station-7": true, "": false, "a b": false, "a+b": false,
		strings.Repeat("x", MaxOrigin-33): true, strings.Repeat("x", MaxOrigin-32): false} {
		if err := ValidStation(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func FuzzOpenBoot(f *testing.F) {
	c, _ := bootStore()
	f.Add(must(EndorseBoot(c, "lab/station-7", IdentityOf(stationSeed))))
	f.Add([]byte(stationTitle))
	f.Add([]byte(stationTitle + "station a\nkey AAAA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, boot, err := OpenBoot(data, c)
		if err == nil && (s.Origin(boot) != c.Origin || !bytes.HasPrefix(data, []byte(s.Text()+c.Text()))) {
			t.Errorf("opens %q as %+v", data, s)
		}
	})
}
