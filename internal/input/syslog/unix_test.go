package syslog

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/input/inputtest"
)

// TestCredentials: the kernel says who sends, and /proc what that is.
func TestCredentials(t *testing.T) {
	fields := []entry.Field{observed("_HOSTNAME", "station"), observed("_BOOT_ID", "0123")}
	for _, network := range []string{"unixgram", "unix"} {
		t.Run(network, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			in := openLocal(t, network, UnixConfig{Path: path, Fields: fields})
			sink := inputtest.NewSink(t)
			inputtest.Start(t, in, sink)
			send(t, network, path, []string{"<13>x"}, withNUL)
			sink.Wait(1)
			m := sink.Messages()[0]
			got := fieldsOf(m.Source)
			exe, _ := os.Executable()
			want := map[string]string{"_TRANSPORT": "syslog", "_PID": strconv.Itoa(os.Getpid()), "_UID": strconv.Itoa(os.Getuid()),
				"_GID": strconv.Itoa(os.Getgid()), "_EXE": exe, "_CMDLINE": strings.Join(os.Args, " "),
				"_HOSTNAME": "station", "_BOOT_ID": "0123"}
			for name, value := range want {
				if got[name] != value {
					t.Errorf("%s=%q, want %q", name, got[name], value)
				}
			}
			if got["_COMM"] == "" || m.Source.Name != "unix uid "+want["_UID"] || !m.Source.Local {
				t.Errorf("source %s: %v", m.Source.Name, got)
			}
		})
	}
}

func openLocal(t testing.TB, network string, c UnixConfig) input.Input {
	if network == "unixgram" {
		d, err := ListenUnixgram(c)
		return must(t, d, err)
	}
	s, err := ListenUnix(c)
	return must(t, s, err)
}

// TestOtherWriter: a process that writes into a connection that another one began is told apart, message by message.
func TestOtherWriter(t *testing.T) {
	s := openUnix(t).(*Stream)
	sink := inputtest.NewSink(t)
	inputtest.Start(t, s, sink)
	conn := dial(t, s).(*net.UnixConn)
	file, err := conn.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	conn.Write([]byte("<13>ours\n<13>half"))
	child := exec.Command("sh", "-c", "printf '<13>theirs\\n'")
	child.Stdout = file
	if err := child.Run(); err != nil {
		t.Skip(err)
	}
	conn.Write([]byte("<13>ours again\n"))
	sink.Wait(4)
	got := sink.Messages()
	want := []string{"<13>ours", "<13>half", "<13>theirs", "<13>ours again"}
	us := strconv.Itoa(os.Getpid())
	for i, m := range got {
		if m.Octets != want[i] || (fieldsOf(m.Source)["_PID"] == us) != (i != 2) || (m.Flag == FlagTruncated) != (i == 1) {
			t.Errorf("%+v of %v", m, fieldsOf(m.Source))
		}
	}
}

// TestPassedFiles: files that a sender attaches do not stay open in us.
func TestPassedFiles(t *testing.T) {
	d := openUnixgram(t).(*Datagram)
	sink := inputtest.NewSink(t)
	inputtest.Start(t, d, sink)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	pair := make([]int, 2)
	if err := unix.Pipe2(pair, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	to := &unix.SockaddrUnix{Name: d.Addr().String()}
	if err := unix.Sendmsg(fd, []byte("<13>x"), unix.UnixRights(pair[1]), to, 0); err != nil {
		t.Fatal(err)
	}
	sink.Wait(1)
	unix.Close(pair[1])
	if n, err := unix.Read(pair[0], make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("the pipe is still open: %d, %v", n, err)
	}
	if fieldsOf(sink.Messages()[0].Source)["_PID"] == "" {
		t.Error("no credentials")
	}
}

func TestSocketFile(t *testing.T) {
	for _, network := range []string{"unixgram", "unix"} {
		t.Run(network, func(t *testing.T) { testSocketFile(t, network) })
	}
}

func testSocketFile(t *testing.T, network string) {
	path := filepath.Join(t.TempDir(), "log")
	open := func() (input.Input, error) {
		if network == "unixgram" {
			return ListenUnixgram(UnixConfig{Path: path})
		}
		return ListenUnix(UnixConfig{Path: path})
	}
	refused := func(why string) {
		t.Helper()
		if _, err := open(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", why, err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s: %v", why, err)
		}
	}

	os.WriteFile(path, []byte("precious"), 0o600)
	refused("a file")
	os.Remove(path)
	os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), path)
	refused("a link")

	for _, other := range []string{"unixgram", "unix"} {
		os.Remove(path)
		listener, err := listenLocal(other, path)
		if err != nil {
			t.Fatal(err)
		}
		refused("in use by " + other)
		listener.Close() // leaves the file
	}
	in, err := open()
	if err != nil {
		t.Fatalf("stale: %v", err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o666 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	refused("in use by us")
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not removed: %v", err)
	}

	in, err = open()
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	os.WriteFile(path, nil, 0o600)
	in.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("removed what is not ours: %v", err)
	}
}

// listenLocal binds without removing the file at the end.
func listenLocal(network, path string) (interface{ Close() error }, error) {
	if network == "unixgram" {
		return net.ListenUnixgram(network, &net.UnixAddr{Name: path, Net: network})
	}
	l, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
	if err == nil {
		l.SetUnlinkOnClose(false)
	}
	return l, err
}

// TestProcess: what is read of a process that is there, and of one that is gone.
func TestProcess(t *testing.T) {
	p := newProc()
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		t.Skip(err)
	}
	pid := int32(child.Process.Pid)
	got := p.read(pid)
	for began := time.Now(); got.commandLine == "" && time.Since(began) < 5*time.Second; got = p.read(pid) {
		time.Sleep(time.Millisecond) // a process has its arguments a moment after it has its name
	}
	if got.comm != "sleep" || got.commandLine != "sleep 1000" || got.exe == "" || got.start == "" {
		t.Errorf("%+v", got)
	}
	child.Process.Signal(syscall.SIGKILL)
	child.Wait()
	if gone := p.read(pid); gone != (process{}) {
		t.Errorf("%+v", gone)
	}
	if s := startTime([]byte("7 (a) b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20")); s != "4711" {
		t.Errorf("start %q", s)
	}
	for range maxReads {
		p.reads <- struct{}{} // as if each were stuck
	}
	began := time.Now()
	if self := p.read(int32(os.Getpid())); self.comm == "" || self.commandLine != "" || time.Since(began) > inputtest.Patience/2 {
		t.Errorf("%+v after %v", self, time.Since(began))
	}
}

// TestLocalsChange: a process that becomes another one is another source, after a second; one that stays is the same.
func TestLocalsChange(t *testing.T) {
	l := newLocals(UnixConfig{}, true)
	who := unix.Ucred{Pid: int32(os.Getpid()), Uid: 7, Gid: 8}
	first := l.sender(who, true)
	p, _ := l.seen.get(who)
	p.at = p.at.Add(-2 * refresh)
	if l.sender(who, true) != first {
		t.Error("nothing has changed, and it is another source")
	}
	p.process.comm = "before"
	p.at = p.at.Add(-2 * refresh)
	if l.sender(who, true) == first {
		t.Error("another program, and the same source")
	}
	if got := fieldsOf(l.sender(unix.Ucred{Uid: nobody, Gid: nobody}, true).source); len(got) != 1 {
		t.Errorf("fields of nobody: %v", got)
	}
}

// TestLinkInPlaceOfSocket: /dev/log of a machine with journald is a link; it is left alone, and the error says the way out.
func TestLinkInPlaceOfSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.Symlink("/run/systemd/journal/dev-log", path); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenUnixgram(UnixConfig{Path: path}); err == nil || !strings.Contains(err.Error(), "is a link to /run/systemd/journal/dev-log") || !strings.Contains(err.Error(), "/run/systemd/journal/syslog") {
		t.Errorf("a link: %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the link is gone: %v", err)
	}
}
