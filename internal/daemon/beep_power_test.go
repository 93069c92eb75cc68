package daemon

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"constat/internal/beep/beeptest"
	"constat/internal/vfs/crashfs"
)

// beepClient is one that sends by a profile, and says how many messages were answered positively: each by itself over
// COOKED; over RAW all that came before the close of the channel, or none.
type beepClient func(p *place, list []string) (answered int, err error)

func withPriority(list []string) (sent []string) {
	for _, text := range list {
		sent = append(sent, "<13>"+text)
	}
	return sent
}

// cookedSession sends all in one session, as often as it is called.
func cookedSession(hangUp <-chan struct{}) beepClient {
	var c *beeptest.Client
	return func(p *place, list []string) (answered int, err error) {
		if c == nil {
			if c, err = beeptest.Dial(p.address("beep"), beeptest.COOKED, patience); err != nil {
				return 0, err
			}
			hangUpWith(c, hangUp)
		}
		return c.SendCooked(withPriority(list))
	}
}

// rawSessions sends in a session for each call.
func rawSessions(hangUp <-chan struct{}) beepClient {
	return func(p *place, list []string) (answered int, err error) {
		c, err := beeptest.Dial(p.address("beep"), beeptest.RAW, patience)
		if err != nil {
			return 0, err
		}
		defer c.HangUp()
		hangUpWith(c, hangUp)
		if err := errors.Join(c.SendRaw(withPriority(list), 7), c.End()); err != nil {
			return 0, err
		}
		return len(list), nil
	}
}

func hangUpWith(c *beeptest.Client, when <-chan struct{}) {
	go func() { <-when; c.HangUp() }()
}

// beepProfiles are the ways to send over BEEP.
var beepProfiles = []struct {
	name   string
	client func(hangUp <-chan struct{}) beepClient
}{{"COOKED", cookedSession}, {"RAW", rawSessions}}

// TestPowerCutAfterBEEPAnswer: what a disk may hold right after each answer has all that was answered.
func TestPowerCutAfterBEEPAnswer(t *testing.T) {
	n := 8
	if long() {
		n = 100
	}
	for _, profile := range beepProfiles {
		t.Run(profile.name, func(t *testing.T) {
			cutAfterAnswers(t, newPlace(t, beepOnly), n, func(p *place) func([]string) (int, error) {
				send := profile.client(t.Context().Done())
				return func(list []string) (int, error) { return send(p, list) }
			})
		})
	}
}

// TestPowerCutWhileBEEPAnswers: the power goes at any operation of the disk. What was answered before is there, and nothing
// is answered afterwards that is not.
func TestPowerCutWhileBEEPAnswers(t *testing.T) {
	cuts := 3
	if long() {
		cuts = 60
	}
	for _, profile := range beepProfiles {
		t.Run(profile.name, func(t *testing.T) {
			t.Parallel()
			reached := 0
			for cut := range cuts {
				if cutWhileBEEPAnswers(t, profile.client, uint64(cut)) {
					reached++
				}
				if t.Failed() {
					t.Fatalf("cut %d", cut)
				}
			}
			if reached == 0 {
				t.Errorf("none of %d cuts came while messages were sent", cuts)
			}
		})
	}
}

// cutWhileBEEPAnswers reports whether the power went while the client sent.
func cutWhileBEEPAnswers(t *testing.T, client func(<-chan struct{}) beepClient, cut uint64) (reached bool) {
	rng := rand.New(rand.NewPCG(cut, 13))
	k := rng.IntN(100)
	p := newPlace(t, beepOnly)
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	from, off, enough := disk.Ops(), make(chan struct{}), make(chan struct{})
	disk.SetHook(func(op crashfs.Op) error {
		if op.Index-from == k {
			disk.PowerOff()
			close(off)
		}
		return nil
	})
	go func() { // a daemon that cannot write answers nothing: the client does not wait for ever
		defer close(enough)
		select {
		case <-off:
			time.Sleep(200 * time.Millisecond)
		case <-t.Context().Done():
		}
	}()
	send := client(enough)
	var told []string
	var err error
	for round := 0; err == nil && round < 30; round++ {
		list, n := texts(round, 20), 0
		n, err = send(p, list)
		told = append(told, list[:n]...)
	}
	select {
	case <-off:
		reached = err != nil
	default:
		if err != nil {
			t.Errorf("the power is on, and the client has %v after %d messages", err, len(told))
		}
	}
	if stopped := d.stop(); reached && stopped == nil {
		t.Errorf("cut at operation %d: the client has %v, the daemon ended well", k, err)
	}
	disk.SetHook(nil)
	for _, after := range []*crashfs.FS{disk.Crash(nil), disk.Crash(rng), disk.CrashKeepAll()} {
		d.sound(t, after, map[string][]string{"system": told})
	}
	return reached
}
