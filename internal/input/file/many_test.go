package file

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"constat/internal/input/inputtest"
	"constat/internal/vfs"
)

// field is what the input says of where a message comes from.
func field(m inputtest.Message, name string) string {
	for _, f := range m.Source.Fields {
		if f.Name == name {
			return string(f.Value)
		}
	}
	return ""
}

// directory is one whose files are followed by one input after the other.
type directory struct {
	*testing.T
	dir, pattern string
	change       func(*Config)
	want         map[string][]string // lines by what is written into
	lines, got   int
	all          []inputtest.Message
	sink         *inputtest.Sink
	many         *Many
	stop         func() error
}

func newDirectory(t *testing.T, pattern string) *directory {
	dir := t.TempDir()
	return &directory{T: t, dir: dir, pattern: filepath.Join(dir, pattern), want: map[string][]string{}}
}

func (d *directory) up() {
	d.Helper()
	c := Config{Path: d.pattern, FS: vfs.OS(), State: filepath.Join(d.dir, ".state.json"), Poll: quick,
		Report: func(err error) { d.Errorf("reported: %v", err) }}
	if d.change != nil {
		d.change(&c)
	}
	var err error
	d.many, err = FollowMany(c)
	must(d, err)
	d.sink = inputtest.NewSink(d)
	d.stop = inputtest.Start(d, d.many, d.sink)
}

func (d *directory) down() {
	d.Helper()
	must(d, d.stop())
	d.all = append(d.all, d.sink.Messages()...)
	d.got = len(d.all)
}

// write adds n lines to a file; under says how the lines are known to come from one program.
func (d *directory) write(name, under string, n int) {
	d.Helper()
	must(d, os.MkdirAll(filepath.Dir(filepath.Join(d.dir, name)), 0o700))
	var b strings.Builder
	for range n {
		line := fmt.Sprintf("%s line %d", under, d.lines)
		d.lines++
		d.want[under] = append(d.want[under], line)
		b.WriteString(line + "\n")
	}
	appendTo(d, filepath.Join(d.dir, name), b.String())
}

// seen waits until all lines are handed over.
func (d *directory) seen() {
	d.Helper()
	for end := time.Now().Add(inputtest.Patience); len(d.sink.Messages()) < d.lines-d.got; time.Sleep(quick) {
		if time.Now().After(end) {
			d.down()
			d.check()
			d.Fatal("lines do not come")
		}
	}
}

func (d *directory) rename(from, to string) {
	d.Helper()
	must(d, os.Rename(filepath.Join(d.dir, from), filepath.Join(d.dir, to)))
}

func (d *directory) copyTo(from, to string) {
	d.Helper()
	data, err := os.ReadFile(filepath.Join(d.dir, from))
	must(d, err)
	must(d, os.WriteFile(filepath.Join(d.dir, to), data, 0o600))
}

// rested waits until what is gone is left, and nobody waits for what becomes of a copy.
func (d *directory) rested() {
	d.Helper()
	d.seen()
	d.until("rest", func() bool {
		for path := range d.many.lanes {
			if _, err := os.Stat(path); err != nil {
				return false
			}
		}
		return len(d.many.held) == 0
	})
}

// offset is how far a file is read under its name; -1 if nobody reads it. It is called with the lock held.
func (d *directory) offset(name string) int64 {
	path := filepath.Join(d.dir, name)
	info, err := os.Stat(path)
	if f := d.many.lanes[path]; f != nil && err == nil && d.many.live[f].sameInode(info) {
		return d.many.live[f].Offset
	}
	return -1
}

// until waits for what the input knows.
func (d *directory) until(what string, is func() bool) {
	d.Helper()
	for end := time.Now().Add(inputtest.Patience); ; time.Sleep(quick) {
		d.many.mu.Lock()
		good := is()
		d.many.mu.Unlock()
		if good {
			return
		}
		if time.Now().After(end) {
			d.Fatalf("no %s: %+v, held %+v", what, d.many.lanes, d.many.held)
		}
	}
}

// check wants every line once, and those of one program in order.
func (d *directory) check() {
	d.Helper()
	got := map[string][]string{}
	for _, m := range d.all {
		under, _, _ := strings.Cut(m.Octets, " ")
		got[under] = append(got[under], m.Octets)
	}
	for under := range d.want {
		if !slices.Equal(got[under], d.want[under]) {
			d.Errorf("%s\ngot  %q\nwant %q", under, got[under], d.want[under])
		}
		delete(got, under)
	}
	if len(got) > 0 {
		d.Errorf("what nobody wrote: %q", got)
	}
	list, known, err := loadMany(vfs.OS(), filepath.Join(d.dir, ".state.json"))
	if err != nil || !known {
		d.Errorf("positions: %v, known %v", err, known)
	}
	ids := map[fileID]bool{}
	for _, k := range list {
		if ids[k.id()] {
			d.Errorf("two positions of one file: %+v", list)
		}
		ids[k.id()] = true
	}
}

// TestMany: whatever happens to files that a pattern fits, followed or not, every line is handed over once, and those of
// a program in order.
func TestMany(t *testing.T) {
	for _, pattern := range []string{"*.log", "*.log*", "[a-z]*"} {
		for name, play := range map[string]func(d *directory){
			"new files":                   func(d *directory) { d.write("new.log", "new", 3) },
			"restart":                     func(d *directory) { d.down(); d.write("a.log", "a", 3); d.write("new.log", "new", 1); d.up() },
			"renamed":                     func(d *directory) { d.rename("a.log", "a.log.1"); d.write("a.log", "a", 3) },
			"renamed, nothing new":        func(d *directory) { d.rename("a.log", "a.log.1") },
			"renamed to a name that fits": func(d *directory) { d.rename("a.log", "moved.log"); d.write("a.log", "a2", 3) },
			"renamed and written on": func(d *directory) {
				d.rename("a.log", "a.log.1")
				d.write("a.log.1", "a", 2)
				d.seen()
				d.write("a.log", "a", 2)
			},
			"rotated three times": func(d *directory) {
				for range 3 {
					for n := 3; n > 0; n-- {
						if _, err := os.Stat(filepath.Join(d.dir, fmt.Sprintf("a.log.%d", n))); err == nil {
							d.rename(fmt.Sprintf("a.log.%d", n), fmt.Sprintf("a.log.%d", n+1))
						}
					}
					d.rename("a.log", "a.log.1")
					d.write("a.log", "a", 2)
					d.seen()
				}
			},
			"truncated": func(d *directory) {
				d.write("a.log", "a", 2)
				d.copyTo("a.log", "a.log.1")
				must(d, os.Truncate(filepath.Join(d.dir, "a.log"), 0))
				d.write("a.log", "a", 2)
			},
			"truncated, and the copy lacks what was read last": func(d *directory) {
				d.copyTo("a.log", "a.log.1")
				d.write("a.log", "a", 2)
				d.seen()
				must(d, os.Truncate(filepath.Join(d.dir, "a.log"), 0))
				d.write("a.log", "a", 2)
			},
			"truncated, and the copy lacks much of what was read": func(d *directory) {
				d.write("a.log", "a", 200)
				d.copyTo("a.log", "a.log-20261130")
				d.write("a.log", "a", 20)
				d.seen()
				must(d, os.Truncate(filepath.Join(d.dir, "a.log"), 0))
				d.write("a.log", "a", 2)
			},
			"deleted":      func(d *directory) { must(d, os.Remove(filepath.Join(d.dir, "a.log"))) },
			"deleted, new": func(d *directory) { must(d, os.Remove(filepath.Join(d.dir, "a.log"))); d.write("a.log", "a", 2) },
			"renamed while down": func(d *directory) {
				d.down()
				d.write("a.log", "a", 2)
				d.rename("a.log", "a.log.1")
				d.write("a.log", "a", 2)
				d.up()
			},
			"renamed twice while down": func(d *directory) {
				d.down()
				d.write("a.log", "a", 2)
				d.rename("a.log", "a.log.2")
				time.Sleep(20 * time.Millisecond) // times of files are coarse
				d.write("a.log", "a", 2)
				d.rename("a.log", "a.log.1")
				d.write("a.log", "a", 2)
				d.up()
			},
			"truncated while down": func(d *directory) {
				d.down()
				d.write("a.log", "a", 2)
				d.copyTo("a.log", "a.log.1")
				must(d, os.Truncate(filepath.Join(d.dir, "a.log"), 0))
				d.write("a.log", "a", 2)
				d.up()
			},
			"compressed": func(d *directory) { d.rename("a.log", "a.log.1"); d.copyTo("a.log.1", "a.log.1.gz") },
			"links": func(d *directory) {
				must(d, os.Symlink("a.log", filepath.Join(d.dir, "0link.log")))
				must(d, os.Link(filepath.Join(d.dir, "a.log"), filepath.Join(d.dir, "hard.log")))
				must(d, os.Symlink("nowhere", filepath.Join(d.dir, "dangling.log")))
				d.write("a.log", "a", 2)
			},
			"no files": func(d *directory) {
				must(d, os.Mkdir(filepath.Join(d.dir, "dir.log"), 0o700))
				d.write("new.log", "new", 1)
			},
		} {
			t.Run(pattern+" "+name, func(t *testing.T) {
				t.Parallel()
				d := newDirectory(t, pattern)
				d.write("a.log", "a", 5)
				d.write("b.log", "b", 5)
				d.up()
				d.seen()
				play(d)
				d.seen()
				d.rested()
				if n := d.sink.Losses(); len(n) > 0 {
					t.Errorf("losses %v", n)
				}
				d.down()
				d.up() // and nothing comes again
				d.write("b.log", "b", 1)
				d.rested()
				d.down()
				d.check()
			})
		}
	}
}

// TestManyNames: a pattern in several elements of a path, over directories that come later, and names that are hostile;
// what is kept says the name of the file.
func TestManyNames(t *testing.T) {
	d := newDirectory(t, "*/app-*/current")
	d.up()
	names := map[string]string{"x/app-1/current": "one", "x/app-2/current": "two", "y/app-\n\x1b[1m/current": "newline",
		"y/app-\xff\xfe/current": "octets", "y/app-*/current": "asterisk", "y/other/current": ""}
	for name, under := range names {
		if under == "" {
			must(t, os.MkdirAll(filepath.Join(d.dir, filepath.Dir(name)), 0o700))
			appendTo(t, filepath.Join(d.dir, name), "not wanted\n")
			continue
		}
		d.write(name, under, 2)
	}
	d.seen()
	d.down()
	for name, under := range names {
		if under != "" {
			d.write(name, under, 2)
		}
	}
	d.up()
	d.seen()
	d.down()
	d.check()
	for _, m := range d.all {
		under, _, _ := strings.Cut(m.Octets, " ")
		name, is := strings.CutPrefix(field(m, "_FILE"), d.dir+"/")
		if names[name] != under || !is {
			t.Errorf("%q is said to be of %q", m.Octets, field(m, "_FILE"))
		}
		if strings.ContainsAny(m.Source.Name, "\n\x1b") || !utf8.ValidString(m.Source.Name) {
			t.Errorf("called %q", m.Source.Name)
		}
	}
}

// TestManyFromEnd: files that are there at the first start are read from their end, others from their start.
func TestManyFromEnd(t *testing.T) {
	d := newDirectory(t, "*.log")
	d.change = func(c *Config) { c.FromEnd = true }
	appendTo(t, filepath.Join(d.dir, "old.log"), "old\n")
	d.up()
	d.until("look at the files", func() bool { return len(d.many.rest) == 1 })
	d.write("new.log", "new", 2)
	d.seen()
	d.write("old.log", "more", 2)
	d.seen()
	d.down()
	d.write("later.log", "later", 2)
	d.up()
	d.seen()
	d.rested()
	d.down()
	d.check()
}

// TestManyAdopts: a file that was followed by its own path before is read on from there.
func TestManyAdopts(t *testing.T) {
	for _, fromEnd := range []bool{true, false} {
		d := newDirectory(t, "*.log")
		path := filepath.Join(d.dir, "a.log")
		d.change = func(c *Config) { c.FromEnd = fromEnd }
		appendTo(t, path, "read\n")
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, follow(t, path, func(c *Config) { c.State = StateIn(d.dir, path) }), sink)
		sink.Wait(1)
		must(t, stop())
		d.write("a.log", "a", 2)
		d.up()
		d.seen()
		d.rested()
		d.down()
		d.check()
	}
}

// TestManyBound: no more files than the bound are open at once; all are read, and an entry tells of it, once.
func TestManyBound(t *testing.T) {
	d := newDirectory(t, "*.log")
	d.change = func(c *Config) { c.Most = 4 }
	for i := range 40 {
		d.write(fmt.Sprintf("%d.log", i), fmt.Sprint(i), 2)
	}
	d.up()
	d.seen()
	for i := range 40 {
		d.write(fmt.Sprintf("%d.log", i), fmt.Sprint(i), 1)
	}
	d.seen()
	d.many.mu.Lock()
	open := len(d.many.lanes)
	d.many.mu.Unlock()
	notes := d.sink.Notes()
	if open > 4 || len(notes) != 1 || !strings.Contains(string(notes[0].Fields[0].Value), "40 files fit "+d.pattern+", and at most 4 are open at once") {
		t.Errorf("%d open, notes %+v", open, notes)
	}
	d.rename("7.log", "7.old")
	must(t, os.Remove(filepath.Join(d.dir, "8.log")))
	d.sink.Until("a loss", func() bool { return true })
	d.rested()
	d.down()
	d.up()
	d.write("9.log", "9", 1)
	d.seen()
	d.down()
	d.check()
}

// TestManyRandom: files are written, rotated, truncated, removed and linked at random, and the input is restarted; every
// line is handed over, and none twice.
func TestManyRandom(t *testing.T) {
	rounds := uint64(4)
	if os.Getenv("CONSTAT_LONG") != "" {
		rounds = 40
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 7))
			d := newDirectory(t, []string{"*.log", "*.log*"}[seed%2])
			d.up()
			for step := range 30 {
				name := string(rune('a' + rng.IntN(4)))
				file := name + ".log"
				if _, err := os.Stat(filepath.Join(d.dir, file)); err != nil {
					d.write(file, name, 1+rng.IntN(3))
				}
				op := rng.IntN(6)
				t.Logf("step %d: %d on %s, %d lines", step, op, file, d.lines)
				switch op {
				case 0:
					d.rested() // else it is not known whether it was read
					d.rename(file, fmt.Sprintf("%s.%d", file, 100+step))
					d.write(file, name, 1)
				case 1:
					d.rested()
					d.copyTo(file, fmt.Sprintf("%s.%d", file, 100+step))
					must(t, os.Truncate(filepath.Join(d.dir, file), 0))
					d.until("look at the truncated file", func() bool { return d.offset(file) == 0 })
				case 2:
					d.rested()
					must(t, os.Remove(filepath.Join(d.dir, file)))
					d.rested()
				case 3:
					d.down()
					d.write(file, name, 1)
					d.up()
				default:
					d.write(file, name, 1+rng.IntN(5))
				}
			}
			d.rested()
			d.down()
			d.check()
		})
	}
}

// TestManyMistakes: malformed patterns, and positions that are none.
func TestManyMistakes(t *testing.T) {
	dir := t.TempDir()
	for _, pattern := range []string{"/a/[", "/a/[]", "/a[/b]", `/a\`, `/a\/b`, "/[a-]"} {
		if _, err := FollowMany(Config{Path: pattern, FS: vfs.OS(), State: filepath.Join(dir, "none")}); err == nil || !strings.Contains(err.Error(), "is no pattern") {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	state := filepath.Join(dir, "state")
	for _, text := range []string{"", "nonsense", "{}", `{"path":"/a","offset":5}`, `{"pattern":"/*","files":[{"path":"/a","sum":"00","offset":-1}]}`,
		`{"pattern":"/*","files":[{"path":"a","sum":"00"}]}`, `{"pattern":"/*","files":[{"path":"/a"}]}`} {
		must(t, os.WriteFile(state, []byte(text), 0o600))
		if _, err := FollowMany(Config{Path: "/*", FS: vfs.OS(), State: state}); err == nil || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestManyUnreadable: what cannot be read is said, and the rest is read.
func TestManyUnreadable(t *testing.T) {
	d := newDirectory(t, "*.log")
	told := make(chan error, 10)
	d.change = func(c *Config) { c.Report = func(err error) { told <- err } }
	must(t, os.Symlink("loop.log", filepath.Join(d.dir, "loop.log")))
	d.write("a.log", "a", 2)
	d.up()
	d.seen()
	if err := <-told; !strings.Contains(err.Error(), "loop.log") {
		t.Error(err)
	}
	d.down()
	if len(told) > 0 {
		t.Errorf("told again: %v", <-told)
	}
	d.check()
}

// FuzzPattern: a pattern is refused, or lists what it fits and nothing else.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"*", "a*/?.log", "[a-c]/*", `\*`, "[^a]*", "a/../*", "//", "[", "a\x00*", strings.Repeat("0", 256) + "/*"} {
		f.Add(s)
	}
	dir := f.TempDir()
	for _, name := range []string{"a/b.log", "a/c.gz", "b/x", "*"} {
		must(f, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		must(f, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	f.Fuzz(func(t *testing.T, s string) {
		pattern := filepath.Join(dir, s)
		if CheckPattern(pattern) != nil || !strings.HasPrefix(pattern, dir+"/") {
			return
		}
		names, more, err := walk(pattern, 100)
		if err != nil && !strings.Contains(s, "\x00") && !errors.Is(err, syscall.ENAMETOOLONG) || more {
			t.Fatalf("%q: %v, more %v", s, err, more)
		}
		names = slices.DeleteFunc(names, func(name string) bool { _, err := os.Lstat(name); return err != nil })
		want, _ := filepath.Glob(pattern)
		want = slices.DeleteFunc(want, isCompressed)
		slices.Sort(want)
		if IsPattern(pattern) && !slices.Equal(names, want) {
			t.Fatalf("%q lists %q, want %q", s, names, want)
		}
	})
}

// FuzzPositions: what stands in the file of a pattern is read or refused.
func FuzzPositions(f *testing.F) {
	f.Add([]byte(`{"pattern":"/a*","files":[{"path":"/a","offset":5,"head":5,"sum":"00"},{"path":"/?","octets":"L/8=","sum":"00","ended":true}]}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "p")
		must(t, os.WriteFile(name, data, 0o600))
		list, _, err := loadMany(vfs.OS(), name)
		for _, k := range list {
			if err == nil && (!k.valid() || !filepath.IsAbs(k.Path)) {
				t.Fatalf("%q became %+v", data, list)
			}
		}
	})
}

// TestManyForbidden: files that may not be read are told of once each, and keep no others from being read.
func TestManyForbidden(t *testing.T) {
	if os.Geteuid() == 0 { // who may read everything
		asNobody(t)
		return
	}
	d := newDirectory(t, "*.log")
	told := make(chan error, 1000)
	d.change = func(c *Config) { c.Most, c.Report = 3, func(err error) { told <- err } }
	for i := range 10 {
		must(t, os.WriteFile(filepath.Join(d.dir, fmt.Sprintf("%d.log", i)), []byte("secret\n"), 0))
	}
	d.write("z.log", "z", 2)
	d.up()
	d.seen()
	d.write("z.log", "z", 2)
	d.seen()
	for len(told) < 10 {
		time.Sleep(quick)
	}
	d.write("z.log", "z", 2)
	d.seen()
	d.down()
	if len(told) != 10 {
		t.Errorf("%d reports", len(told))
	}
	d.check()
}

// asNobody runs the test as a user without rights.
func asNobody(t *testing.T) {
	t.Helper()
	const nobody = 65534
	program, err := os.ReadFile(os.Args[0])
	must(t, err)
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o711))
	must(t, os.Chown(dir, nobody, nobody))
	name := filepath.Join(dir, "test")
	must(t, os.WriteFile(name, program, 0o755))
	c := exec.Command(name, "-test.run", "^"+t.Name()+"$", "-test.v")
	c.Dir, c.Env = dir, []string{"TMPDIR=" + dir}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := c.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

// TestManyHundreds: hundreds of files are read, a hundred at a time.
func TestManyHundreds(t *testing.T) {
	d := newDirectory(t, "*/*.log")
	told := make(chan error, 1000)
	d.change = func(c *Config) { c.Most, c.Report = 100, func(err error) { told <- err } }
	for i := range 300 {
		d.write(fmt.Sprintf("%d/a.log", i%7), "all", 0)
		d.write(fmt.Sprintf("%d/%d.log", i%7, i), fmt.Sprint(i), 1)
	}
	d.up()
	d.seen()
	for i := range 300 {
		d.write(fmt.Sprintf("%d/%d.log", i%7, i), fmt.Sprint(i), 1)
	}
	d.seen()
	d.down()
	if len(told) > 0 {
		t.Errorf("reported: %v", <-told)
	}
	delete(d.want, "all")
	d.check()
}
