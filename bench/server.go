package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// readyWithin is how long a daemon may take until it listens.
const readyWithin = 20 * time.Second

// server is a daemon that takes syslog over UDP and TCP.
type server interface {
	// command must write what the daemon needs into dir, and return the command that starts it on 127.0.0.1 and that
	// port.
	command(dir string, port int) ([]string, error)
	// durable must return when the disk is known to hold all messages, and say so, or at once if that cannot be known.
	durable(ctx context.Context, dir string, messages int) (known bool, err error)
	// written must return when what the daemon has received is written in its final form, or will be when it is told to
	// end, and the processor time that other processes used for that. messages is how many there are.
	written(ctx context.Context, dir string, messages int) (time.Duration, error)
	// finished must return when the last of it was written; exit is when the process ended.
	finished(dir string, exit time.Time) (time.Time, error)
	// tally must count what was kept and what is written down as lost, after the end of the process.
	tally(ctx context.Context, dir string) (kept, lost int, err error)
	// size must return the bytes on disk.
	size(dir string) (int64, error)
}

// constat is the program under test.
type constat struct{ binary string }

func (c constat) command(dir string, port int) ([]string, error) {
	http, err := freePort()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "constat.yaml")
	text := fmt.Sprintf("store: %s\norigin: bench.example\nlisten:\n  udp: [\"127.0.0.1:%d\"]\n  tcp: [\"127.0.0.1:%d\"]\nhttp: 127.0.0.1:%d\n",
		c.store(dir), port, port, http)
	return c.quietly(dir, "serve", "--config", file), os.WriteFile(file, []byte(text), 0o644)
}

// quietly is a command that leaves no trace in the user's list of known codes.
func (c constat) quietly(dir string, args ...string) []string {
	return append([]string{"env", "XDG_CONFIG_HOME=" + dir, c.binary}, args...)
}

func (constat) store(dir string) string { return filepath.Join(dir, "s") }

// durable implements [server]: what a checkpoint covers was synced before it was signed. The journal may hold entries of
// the daemon itself besides; that they came last is not likely.
func (c constat) durable(ctx context.Context, dir string, messages int) (bool, error) {
	file := filepath.Join(c.store(dir), "system", "checkpoint")
	for end := time.Now().Add(stopWithin); time.Now().Before(end); {
		b, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		lines := strings.SplitN(string(b), "\n", 3)
		if len(lines) < 3 {
			return false, fmt.Errorf("%s: no size in it", file)
		}
		if size, err := strconv.Atoi(lines[1]); err != nil || size >= messages {
			return err == nil, err
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return false, err
		}
	}
	return false, nil // messages are missing: the tally will tell
}

// written implements [server]: a rotation returns when every head has become a segment.
func (c constat) written(ctx context.Context, dir string, _ int) (time.Duration, error) {
	rotation := filepath.Join(dir, "rotation")
	if err := os.Mkdir(rotation, 0o755); err != nil {
		return 0, err
	}
	command := c.quietly(dir, "rotate", "--store", c.store(dir))
	p, err := run(ctx, rotation, command[0], command[1:]...)
	if err != nil {
		return 0, err
	}
	return p.cpu(), nil
}

func (constat) finished(_ string, exit time.Time) (time.Time, error) { return exit, nil }

// rsyslog is the peer: one flat file in rsyslog's standard form.
type rsyslog struct {
	binary string
	sync   bool // fsync of each batch
}

func (r rsyslog) command(dir string, port int) ([]string, error) {
	synced := "off"
	if r.sync {
		synced = "on"
	}
	text := fmt.Sprintf(`global(workDirectory="%[1]s")
module(load="imtcp")
module(load="imudp")
input(type="imtcp" address="127.0.0.1" port="%[2]d")
input(type="imudp" address="127.0.0.1" port="%[2]d" rcvbufSize="8m")
action(type="omfile" file="%[3]s" template="RSYSLOG_FileFormat" sync="%[4]s")
`, dir, port, r.file(dir), synced)
	file := filepath.Join(dir, "rsyslog.conf")
	return []string{r.binary, "-n", "-i", filepath.Join(dir, "pid"), "-f", file}, os.WriteFile(file, []byte(text), 0o644)
}

func (rsyslog) file(dir string) string { return filepath.Join(dir, "messages") }

// running is a server that runs.
type running struct {
	*process
	server
	dir  string
	port int
}

// serve starts a server in dir and waits until it listens.
func serve(ctx context.Context, s server, dir string) (*running, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	command, err := s.command(dir, port)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, dir, command[0], command[1:]...)
	if err != nil {
		return nil, err
	}
	r := &running{p, s, dir, port}
	if err := r.ready(ctx); err != nil {
		p.kill()
		return nil, err
	}
	return r, nil
}

// ready waits until the server listens on both protocols.
func (r *running) ready(ctx context.Context) error {
	for end := time.Now().Add(readyWithin); time.Now().Before(end); {
		if _, tcp := socketOf("tcp", r.port); tcp {
			if _, udp := socketOf("udp", r.port); udp {
				return nil
			}
		}
		select {
		case <-r.exited:
			return fmt.Errorf("ended at once: %w", r.failed())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not listen after %v", filepath.Base(r.cmd.Path), readyWithin)
}

// sleep waits, or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
