package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const quick = 2 * time.Millisecond // between two looks at a file

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// appendTo adds text to a file, which it makes.
func appendTo(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	must(t, err)
	_, err = f.WriteString(text)
	must(t, errors.Join(err, f.Close()))
}

func follow(t testing.TB, path string, change func(*Config)) *Follower {
	t.Helper()
	c := Config{Path: path, FS: vfs.OS(), State: filepath.Join(filepath.Dir(path), "position"), Poll: quick,
		Report: func(err error) { t.Errorf("reported: %v", err) }}
	if change != nil {
		change(&c)
	}
	f, err := Follow(c)
	must(t, err)
	return f
}

// TestInputs holds files and pipes to the contract.
func TestInputs(t *testing.T) {
	write := func(t testing.TB, in input.Input, messages []string) {
		_, path, _ := strings.Cut(in.Name(), " ")
		path = strings.ReplaceAll(path, "*", "a")
		appendTo(t, path, strings.Join(messages, "\n")+"\n")
	}
	t.Run("file", func(t *testing.T) {
		inputtest.Run(t, inputtest.Subject{Acknowledged: true, Send: write,
			Open: func(t testing.TB) input.Input { return follow(t, filepath.Join(t.TempDir(), "log"), nil) }})
	})
	t.Run("pattern", func(t *testing.T) {
		inputtest.Run(t, inputtest.Subject{Acknowledged: true, Send: write, Open: func(t testing.TB) input.Input {
			dir := t.TempDir()
			m, err := FollowMany(Config{Path: filepath.Join(dir, "*.log"), FS: vfs.OS(), State: filepath.Join(dir, "state"), Poll: quick})
			must(t, err)
			return m
		}})
	})
	t.Run("pipe", func(t *testing.T) {
		inputtest.Run(t, inputtest.Subject{Send: write, Open: func(t testing.TB) input.Input {
			p, err := OpenPipe(PipeConfig{Path: filepath.Join(t.TempDir(), "pipe")})
			must(t, err)
			t.Cleanup(func() { p.Close() })
			return p
		}})
	})
}

// scene is a file that is followed by one follower after the other.
type scene struct {
	*testing.T
	dir, path string
	want      []string
	got       []string
	stop      func() error
	sink      *inputtest.Sink
	losses    int
}

func newScene(t *testing.T) *scene {
	dir := t.TempDir()
	return &scene{T: t, dir: dir, path: filepath.Join(dir, "app.log")}
}

// up starts a follower, down ends it.
func (s *scene) up() {
	s.sink = inputtest.NewSink(s)
	s.stop = inputtest.Start(s, follow(s, s.path, nil), s.sink)
}

func (s *scene) down() {
	s.Helper()
	must(s, s.stop())
	for _, m := range s.sink.Messages() {
		s.got = append(s.got, m.Octets)
	}
	s.sink = nil
}

// write adds n lines to a file of the directory.
func (s *scene) write(name string, n int) {
	var b strings.Builder
	for range n {
		line := fmt.Sprintf("line %d of %s", len(s.want), name)
		s.want = append(s.want, line)
		b.WriteString(line + "\n")
	}
	appendTo(s, filepath.Join(s.dir, name), b.String())
}

// seen waits until all lines so far are handed over.
func (s *scene) seen() {
	s.Helper()
	s.sink.Wait(len(s.want) - len(s.got) + s.losses)
}

func (s *scene) rename(from, to string) {
	must(s, os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to)))
}

// copyTruncate copies and truncates, as logrotate does.
func (s *scene) copyTruncate(to string) {
	data, err := os.ReadFile(s.path)
	must(s, err)
	must(s, os.WriteFile(filepath.Join(s.dir, to), data, 0o600))
	must(s, os.Truncate(s.path, 0))
}

// check wants every line once and in order.
func (s *scene) check() {
	s.Helper()
	if !slices.Equal(s.got, s.want) {
		s.Errorf("got  %q\nwant %q", s.got, s.want)
	}
}

// TestRotation: whatever happens to a file, followed or not, every line is handed over once and in order.
func TestRotation(t *testing.T) {
	for name, play := range map[string]func(s *scene){
		"restart": func(s *scene) { s.down(); s.write("app.log", 3); s.up() },
		"renamed": func(s *scene) { s.rename("app.log", "app.log.1"); s.write("app.log", 3) },
		"renamed, written on, and made anew": func(s *scene) {
			s.rename("app.log", "app.log.1")
			s.write("app.log.1", 2)
			s.seen()
			s.write("app.log", 2)
		},
		"truncated": func(s *scene) { s.copyTruncate("app.log.1"); s.write("app.log", 2) },
		"truncated, and the copy lacks what was read last": func(s *scene) {
			data, err := os.ReadFile(s.path)
			must(s, err)
			must(s, os.WriteFile(filepath.Join(s.dir, "app.log.1"), data, 0o600))
			s.write("app.log", 2)
			s.seen()
			must(s, os.Truncate(s.path, 0))
			s.write("app.log", 2)
		},
		"truncated and longer": func(s *scene) {
			must(s, os.Truncate(s.path, 0))
			s.write("app.log", 50)
			s.losses = 1 // nobody knows whether there was more
		},
		"copy compressed": func(s *scene) {
			s.copyTruncate("app.log.1")
			s.rename("app.log.1", "older.gz")
			s.write("app.log", 2)
			s.losses = 1
		},
		"renamed while down": func(s *scene) {
			s.down()
			s.write("app.log", 2)
			s.rename("app.log", "app.log.1")
			s.write("app.log", 2)
			s.up()
		},
		"renamed to something else while down": func(s *scene) {
			s.down()
			s.write("app.log", 2)
			s.rename("app.log", "app.1.log") // "extension .log" of logrotate
			s.write("app.log", 2)
			s.up()
		},
		"renamed twice while down": func(s *scene) {
			s.down()
			s.write("app.log", 2)
			s.rename("app.log", "app.log.2")
			time.Sleep(20 * time.Millisecond) // times of files are coarse
			s.write("app.log", 2)
			s.rename("app.log", "app.log.1")
			s.write("app.log", 2)
			s.up()
		},
		"truncated while down": func(s *scene) {
			s.down()
			s.write("app.log", 2)
			s.copyTruncate("app.log-20261130")
			s.write("app.log", 2)
			s.up()
		},
		"renamed, nothing new": func(s *scene) { s.down(); s.rename("app.log", "app.log.1"); s.up(); s.write("app.log", 1) },
		"gone while down": func(s *scene) {
			s.down()
			must(s, os.Remove(s.path))
			s.write("app.log", 2)
			s.losses = 1 // nobody knows whether there was more
			s.up()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.write("app.log", 5)
			s.up()
			s.seen()
			play(s)
			s.seen()
			if n := s.sink.Lost(reasonGone).Messages + s.sink.Lost(reasonTruncated).Messages; int(n) != s.losses {
				t.Errorf("counted as gone: %d", n)
			}
			s.down()
			s.up() // and nothing comes again
			s.losses = 0
			s.write("app.log", 1)
			s.seen()
			s.down()
			s.check()
		})
	}
}

// refusing is a sink that cannot keep what it takes, until it is told to.
type refusing struct {
	*inputtest.Sink
	failures int
}

func (r *refusing) Put(ctx context.Context, c *input.Chunk) error {
	if r.failures--; r.failures >= 0 {
		done := c.Done
		c.Reset()
		done(errors.New("disk full"))
		return nil
	}
	return r.Sink.Put(ctx, c)
}

// TestNotDurable: what could not be kept is read again.
func TestNotDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	sink := &refusing{inputtest.NewSink(t), 1}
	told := make(chan error, 10)
	inputtest.Start(t, follow(t, path, func(c *Config) { c.Report = func(err error) { told <- err } }), sink)
	appendTo(t, path, "a\nb\n")
	sink.Wait(2)
	if err := <-told; !strings.Contains(err.Error(), "disk full") || len(told) > 0 {
		t.Errorf("told %v and %d more", err, len(told))
	}
}

// TestKilled: without having been told to end, a follower repeats at most what it has not written down.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f := follow(t, path, nil)
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, f, sink)
	appendTo(t, path, "a\nb\n")
	sink.Wait(2)
	for end := time.Now().Add(inputtest.Patience); ; time.Sleep(quick) {
		if p, err := load(vfs.OS(), f.config.State); err == nil && p != nil && p.Offset == 4 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the position is not written down")
		}
	}
	copied, err := os.ReadFile(f.config.State)
	must(t, err)
	stop()
	must(t, os.WriteFile(f.config.State, copied, 0o600)) // as it was when it ran
	again := inputtest.NewSink(t)
	inputtest.Start(t, follow(t, path, nil), again)
	appendTo(t, path, "c\n")
	again.Wait(1)
	if m := again.Messages(); len(m) != 1 || m[0].Octets != "c" {
		t.Errorf("%+v", m)
	}
}

// TestLines: long lines, lines without LF, empty ones and those that come in pieces.
func TestLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	sink := inputtest.NewSink(t)
	inputtest.Start(t, follow(t, path, func(c *Config) { c.Limit = 10 }), sink)
	appendTo(t, path, "be")
	appendTo(t, path, "gun\n\nshort\n"+strings.Repeat("x", 15)+"\n"+strings.Repeat("y", 3*readSize))
	sink.Wait(4)
	appendTo(t, path, strings.Repeat("y", readSize+7))
	appendTo(t, path, "\nlast")
	sink.Wait(5)
	must(t, os.Rename(path, path+".1"))
	sink.Wait(6)
	appendTo(t, path, "next\n")
	sink.Wait(7)
	want := []inputtest.Message{{Octets: "begun"}, {Octets: "short"}, {Octets: strings.Repeat("x", 10), Lost: 5, Flag: FlagOversize},
		{Octets: strings.Repeat("y", 10), Lost: 4*readSize - 3, Flag: FlagOversize}, {Octets: "last", Flag: FlagTruncated}, {Octets: "next"}}
	for i, m := range sink.Messages() {
		if m.Source = nil; m != want[i] {
			t.Errorf("line %d is %q lost %d flag %q, want %+v", i, m.Octets, m.Lost, m.Flag, want[i])
		}
	}
	if n := sink.Lost(reasonEmpty); n.Messages != 1 {
		t.Errorf("empty lines: %+v", n)
	}
}

// TestFromEnd: a file that was there before is followed from its end, one that comes later from its start.
func TestFromEnd(t *testing.T) {
	for _, before := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "log")
		if before {
			appendTo(t, path, "old\n")
		}
		f := follow(t, path, func(c *Config) { c.FromEnd = true })
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, f, sink)
		for end := time.Now().Add(inputtest.Patience); time.Now().Before(end); time.Sleep(quick) {
			if p, err := load(vfs.OS(), f.config.State); err == nil && p != nil {
				break
			}
		}
		appendTo(t, path, "new\n")
		sink.Wait(1)
		stop()
		if m := sink.Messages(); len(m) != 1 || m[0].Octets != "new" {
			t.Errorf("before %v: %+v", before, m)
		}
	}
}

// TestMistakes: what is no file, no pipe, or no position is said.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	told := make(chan error, 10)
	inputtest.Start(t, follow(t, dir, func(c *Config) { c.State = filepath.Join(dir, "p"); c.Report = func(err error) { told <- err } }), inputtest.NewSink(t))
	if err := <-told; !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "bad"), []byte("nonsense"), 0o600))
	if _, err := Follow(Config{Path: "/x", FS: vfs.OS(), State: filepath.Join(dir, "bad")}); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Error(err)
	}
	if _, err := OpenPipe(PipeConfig{Path: filepath.Join(dir, "bad")}); err == nil || !strings.Contains(err.Error(), "no named pipe") {
		t.Error(err)
	}
}

// TestPipeNobodyReads: behind a pipe that was taken out of the configuration nobody stands: who writes must wait, or be told.
func TestPipeNobodyReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	p, err := OpenPipe(PipeConfig{Path: path})
	must(t, err)
	stop := inputtest.Start(t, p, inputtest.NewSink(t))
	must(t, stop())
	if f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("opened for writing: %v", err)
		f.Close()
	}
	must(t, p.Close())
}

// TestPipeReplaced: a pipe that is removed is made anew, and one that takes its place is read.
func TestPipeReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	reported := make(chan error, 10)
	p, err := OpenPipe(PipeConfig{Path: path, Poll: quick, Report: func(err error) { reported <- err }})
	must(t, err)
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, p, sink)
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	defer old.Close()
	must(t, os.Remove(path))
	for end := time.Now().Add(inputtest.Patience); !errors.Is(err, syscall.EPIPE) && time.Now().Before(end); time.Sleep(quick) {
		_, err = old.WriteString("\n") // perhaps before it is noticed
	}
	appendTo(t, path, "made anew\n")
	for end := time.Now().Add(inputtest.Patience); len(sink.Messages()) == 0 && time.Now().Before(end); time.Sleep(quick) {
	}
	must(t, os.WriteFile(path+".new", nil, 0o600))
	must(t, os.Rename(path+".new", path))
	select {
	case err := <-reported:
		if !strings.Contains(err.Error(), "no named pipe") {
			t.Error(err)
		}
	case <-time.After(inputtest.Patience):
		t.Error("a file in the place of the pipe is not reported")
	}
	must(t, syscall.Mkfifo(path+".new", 0o600))
	must(t, os.Rename(path+".new", path))
	appendTo(t, path, "another one\n")
	for end := time.Now().Add(inputtest.Patience); len(sink.Messages()) < 2 && time.Now().Before(end); time.Sleep(quick) {
	}
	must(t, stop())
	var got []string
	for _, m := range sink.Messages() {
		got = append(got, m.Octets)
	}
	if !slices.Equal(got, []string{"made anew", "another one"}) {
		t.Errorf("got %q", got)
	}
}

// TestPipeLines: lines of a pipe that come in pieces, are long, or do not end.
func TestPipeLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	p, err := OpenPipe(PipeConfig{Path: path, Limit: 10})
	must(t, err)
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, p, sink)
	appendTo(t, path, "be")
	appendTo(t, path, "gun\n\n"+strings.Repeat("x", 15)+"\n")
	sink.Wait(3)
	appendTo(t, path, "no end")
	stop()
	want := []inputtest.Message{{Octets: "begun"}, {Octets: strings.Repeat("x", 10), Lost: 5, Flag: FlagOversize}, {Octets: "no end", Flag: FlagTruncated}}
	for i, m := range sink.Messages() {
		if m.Source = nil; i >= len(want) || m != want[i] {
			t.Errorf("line %d is %+v", i, m)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != pipeMode {
		t.Errorf("%v %v", info, err)
	}
}

// FuzzCut: lines are those between LF, whatever stands in them.
func FuzzCut(f *testing.F) {
	f.Add([]byte("a\nb\n\nc"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c input.Chunk
		end, empty := cut(&c, b, 4)
		var want []string
		for _, line := range strings.SplitAfter(string(b[:end]), "\n") {
			if line = strings.TrimSuffix(line, "\n"); line != "" {
				want = append(want, line)
			}
		}
		if len(want) != len(c.Messages) || strings.Contains(string(b[end:]), "\n") || strings.Count(string(b), "\n") != len(want)+int(empty) {
			t.Fatalf("%q: %d messages, %d empty, want %q", b, len(c.Messages), empty, want)
		}
		for i, m := range c.Messages {
			if kept := string(c.Octets[m.Start:m.End]); !strings.HasPrefix(want[i], kept) || len(kept)+int(m.Lost) != len(want[i]) || len(kept) > 4 {
				t.Fatalf("%q is %q", want[i], kept)
			}
		}
	})
}

// FuzzPosition: what stands in the file of a position is read or refused.
func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"path":"/a","offset":5,"head":5,"sum":"00"}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "p")
		must(t, os.WriteFile(name, data, 0o600))
		p, err := load(vfs.OS(), name)
		if err == nil && (p == nil || p.Offset < 0 || p.Head < 0 || p.Head > maxHead) {
			t.Fatalf("%q became %+v", data, p)
		}
	})
}
