package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// freezer makes the frozen store: several lives of a store on two machines, with everything that can stand in one.
type freezer struct {
	t          *testing.T
	dir        string
	w          *journal.Writer
	wall, boot int64 // µs
	lines      int
}

// makeFrozen fills dir anew.
func makeFrozen(t *testing.T, dir string) {
	f := &freezer{t: t, dir: dir, wall: time.Now().Add(-6 * 24 * time.Hour).UnixMicro()}
	for _, name := range []string{"store", "store.keys"} {
		f.must(os.RemoveAll(filepath.Join(dir, name)))
	}
	f.must(os.MkdirAll(dir, 0o755))
	c, err := journal.CreateWith(vfs.OS(), filepath.Join(dir, "store"), journal.New{Origin: "frozen.example", Keys: 16})
	f.must(err)
	f.write("code", c.Code().String()+"\n")
	f.firstLife()
	f.wall += (3 * 24 * time.Hour).Microseconds()
	f.secondLife()
	f.cosign()
	f.evidence()
	f.write("leaves.txt", frozenLeaves(t, dir))
	for _, c := range frozenCases {
		f.write(c.file, askFrozen(t, f.absolute(), c.file, c.args))
	}
	for _, name := range []string{"config", "state", "store.keys/" + layout.MachineFile} { // of this machine
		f.must(os.RemoveAll(filepath.Join(dir, name)))
	}
}

func (f *freezer) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *freezer) write(name, text string) {
	f.t.Helper()
	f.must(os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o644))
}

func (f *freezer) absolute() string {
	dir, err := filepath.Abs(f.dir)
	f.must(err)
	return dir
}

// open begins a boot of the machine.
func (f *freezer) open(boot byte) {
	f.t.Helper()
	f.boot = 10_000_000
	var err error
	f.w, err = journal.OpenWriter(vfs.OS(), filepath.Join(f.dir, "store"), journal.Options{
		Clock: func() journal.Reading {
			f.wall, f.boot = f.wall+1000, f.boot+1000
			return journal.Reading{Wall: f.wall, Boot: f.boot}
		},
		Machine: func() journal.Machine { return journal.Machine{Boot: seal.BootID{boot}, Synchronised: true} },
		Private: []journal.PrivateRule{{Journal: "audit", Fields: []string{"current_user"}}},
	})
	f.must(err)
	f.seal(seal.Boot)
}

func (f *freezer) close() {
	f.t.Helper()
	f.seal(seal.Stop)
	f.must(f.w.Close())
}

func (f *freezer) seal(reason seal.Reason) {
	f.t.Helper()
	f.wall, f.boot = f.wall+1_000_000, f.boot+1_000_000
	_, err := f.w.Seal(reason)
	f.must(err)
}

func (f *freezer) append(name string, list ...entry.Entry) {
	f.t.Helper()
	_, err := f.w.Append(name, list)
	f.must(err)
}

// segments ends all heads and makes segments of them.
func (f *freezer) segments() {
	f.t.Helper()
	f.must(f.w.Checkpoint())
	f.must(f.w.Rotate())
	_, err := f.w.Convert(context.Background())
	f.must(err)
}

// firstLife ends with a segment that is pruned later, and goes through a generation of seal keys.
func (f *freezer) firstLife() {
	f.open(1)
	f.append("app", f.syslog(300)...)
	f.append("app", f.long(70_000))
	f.segments()
	for range 17 {
		f.append("app", f.syslog(3)...)
		f.seal(seal.Interval)
	}
	f.close()
}

// secondLife has private values, one of which is erased, a step of the clock, and heads that are not complete.
func (f *freezer) secondLife() {
	f.open(2)
	f.append("audit", f.people(6)...)
	f.append("imported", f.imported()...)
	f.append("app", f.long(100_000))
	f.segments()
	f.seal(seal.Interval)
	erased, err := f.w.Erase(context.Background(), journal.Erasure{Field: "current_user", Entries: map[string][]uint64{"audit": {2}},
		Reason: "asked by the person", Selector: "current_user:person-2@example.org", By: "tester"})
	f.must(err)
	pruned, err := f.w.Prune(context.Background(), journal.Limit("app", journal.Retention{MaxAge: 48 * time.Hour}))
	f.must(err)
	if len(pruned.Pruned) == 0 || erased.Values == 0 {
		f.must(fmt.Errorf("pruned %+v, erased %+v", pruned, erased))
	}
	f.seal(seal.Interval)
	f.wall -= (100 * time.Second).Microseconds()
	f.append("app", f.syslog(20)...)
	f.append("app", f.long(66_000))
	f.append("audit", f.people(2)...)
	f.append("app", entry.Entry{Kind: entry.Loss, Fields: []entry.Field{
		{Name: "MESSAGE", Value: []byte("3 messages lost"), Provenance: entry.Observed},
		{Name: "LOSS_MESSAGES", Value: []byte("3"), Provenance: entry.Observed}}})
	f.close()
}

// syslog is messages as a syslog sender makes them.
func (f *freezer) syslog(n int) (list []entry.Entry) {
	for range n {
		f.lines++
		e := entry.Entry{Renderer: entry.RenderRFC5424, Event: entry.Time{Valid: true, Micros: f.wall, Digits: 6, Zone: "Z"}}
		for _, x := range [...][2]string{{"PRIORITY", "6"}, {"SYSLOG_FACILITY", "4"}, {"HOSTNAME", "gate"}, {"SYSLOG_IDENTIFIER", "sshd"},
			{"SYSLOG_PID", fmt.Sprint(300 + f.lines%7)}, {"MESSAGE", fmt.Sprintf("Accepted publickey for user%d from 192.0.2.%d", f.lines%9, f.lines%250)}} {
			e.AddString(x[0], x[1], entry.Claimed)
		}
		e.Params = []byte{2} // no structured data
		e.AddString("_TRANSPORT", "syslog-udp", entry.Observed)
		e.AddString("_SOURCE_ADDR", "192.0.2.1", entry.Observed)
		list = append(list, e)
	}
	return list
}

// long is an event with a value that goes to a blob.
func (f *freezer) long(size int) entry.Entry {
	var e entry.Entry
	e.AddString("MESSAGE", "disk contents", entry.Claimed)
	e.AddString("SYSLOG_IDENTIFIER", "dump", entry.Claimed)
	e.AddString("DUMP", strings.Repeat("0123456789abcdef", size/16), entry.Claimed)
	return e
}

// people is audit entries, of which one field is private.
func (f *freezer) people(n int) (list []entry.Entry) {
	for i := range n {
		var e entry.Entry
		for _, x := range [...][2]string{{"MESSAGE", "signup"}, {"cid", fmt.Sprintf("c%d", i)}, {"op", "signup"},
			{"current_user", fmt.Sprintf("person-%d@example.org", i)}, {"extra.attempt", fmt.Sprint(i)}} {
			e.AddString(x[0], x[1], entry.Claimed)
		}
		e.AddString("_UID", "1000", entry.Observed)
		list = append(list, e)
	}
	return list
}

// imported has an entry of each renderer, with stamps of every kind.
func (f *freezer) imported() (list []entry.Entry) {
	add := func(r entry.Renderer, params string, t entry.Time, fields ...string) {
		e := entry.Entry{Renderer: r, Params: []byte(params), Event: t}
		for i := 0; i < len(fields); i += 2 {
			e.AddString(fields[i], fields[i+1], entry.Imported)
		}
		list = append(list, e)
	}
	stamp := func(digits uint8, zone string) entry.Time {
		return entry.Time{Valid: true, Micros: 1_714_557_599_000_000, Digits: digits, Zone: zone}
	}
	add(entry.RenderNone, "", entry.Time{}, "MESSAGE", "made by a program", "_RAW", "octets \x00\xff as they were")
	add(entry.RenderText, "", entry.Time{}, "MESSAGE", "a line of text")
	add(entry.RenderRFC5424, "\x03", stamp(9, "+02:00"), "PRIORITY", "5", "SYSLOG_FACILITY", "23", "HOSTNAME", "relay", "MESSAGE", "with a BOM")
	add(entry.RenderRFC3164, "\x03", stamp(3, "-05:30"), "PRIORITY", "2", "SYSLOG_FACILITY", "10", "HOSTNAME", "gate", "SYSLOG_IDENTIFIER", "su",
		"SYSLOG_PID", "4711", "MESSAGE", "failed")
	add(entry.RenderRFC3164, "\x00", stamp(0, ""), "PRIORITY", "2", "SYSLOG_FACILITY", "10", "HOSTNAME", "gate", "MESSAGE", "old")
	add(entry.RenderJSON, "\x0f\x07\x01\x00", entry.Time{}, "msg", "é </b>", "n", "1.50")
	add(entry.RenderExport, "\x00", entry.Time{}, "MESSAGE", "two\nlines", "_PID", "1", "PRIORITY", "6", "SYSLOG_IDENTIFIER", "systemd")
	add(entry.RenderZato, "\x09", stamp(3, ""), "PRIORITY", "6", "SYSLOG_PID", "1", "THREAD_NAME", "T", "SYSLOG_IDENTIFIER", "zato", "CODE_LINE", "4",
		"cid", "c", "op", "o")
	return list
}

// cosign puts a checkpoint with the cosignature of a witness beside the journal system, and the policy that wants it.
func (f *freezer) cosign() {
	f.t.Helper()
	key, err := seal.NewWitnessKey("witness.example")
	f.must(err)
	system := filepath.Join(f.dir, "store", layout.System)
	note, err := os.ReadFile(filepath.Join(system, layout.CheckpointFile))
	f.must(err)
	text, _, err := seal.Cosignatures(note)
	f.must(err)
	note = append(note, key.Cosign(text, f.wall/1_000_000).Line()...)
	f.must(os.WriteFile(filepath.Join(system, layout.CosignedFile), note, 0o644))
	store, err := os.ReadFile(filepath.Join(f.dir, "store", layout.StoreFile))
	f.must(err)
	s, err := layout.ParseStore(store)
	f.must(err)
	f.write("policy", fmt.Sprintf("log %s\nwitness w %s\nquorum w\n", s.Certificate.Identity.VKey("frozen.example/system"), key.Cosigner().VKey()))
}

// evidence makes a zip and a page, with the command and by the clock of this machine: one boot more.
func (f *freezer) evidence() {
	f.t.Helper()
	for _, name := range []string{"case.evidence.zip", "page.html"} {
		if err := os.Remove(filepath.Join(f.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			f.must(err)
		}
		constat(f.t, f.absolute(), "prove", "-o", name, "--private", "signup OR old OR program OR user3")
	}
}
