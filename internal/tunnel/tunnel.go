package tunnel

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Config says what to bring where.
type Config struct {
	// Host is whom ssh calls: user@host, a name of its configuration, or ssh://user@host:port.
	Host string
	// Port is the port on the server, 1 to 65535.
	Port int
	// Public asks for a port that can be reached from outside the server. Otherwise the server itself can reach it.
	Public bool
	// Hop is whom the server calls for the second hop; "" is localhost.
	Hop string
	// SSH is the program with arguments of its own; nil is "ssh".
	SSH []string
	// Alive is the time between two signs of life in each direction; 0 is 15 s, less than 1 s is 1 s. A lost connection is
	// noticed after three of them on this machine and after four on the server.
	Alive time.Duration
	// Retry is the wait before the first attempt to connect again; it doubles up to 64 times that. 0 is 1 s.
	Retry time.Duration
	// Say, if set, is told what is done, for people.
	Say func(text string)
}

// Tunnel is a tunnel that can be run once.
type Tunnel struct {
	config Config
	name   string // random; it marks the processes on the server
	dir    string // of the sockets
	keeper string // process id of the newest keeper, "" if there was none
	daemon string // and of its sshd
}

// maxDir is how long the name of the directory of the sockets may be: ssh adds to it, and a socket's path has 107 bytes.
const maxDir = 70

// New prepares a tunnel. Close removes what it has made.
func New(c Config) (*Tunnel, error) {
	if c.Host == "" || strings.HasPrefix(c.Host, "-") {
		return nil, fmt.Errorf("%q: want user@host", c.Host)
	}
	if c.Port < 1 || c.Port > 65535 {
		return nil, fmt.Errorf("port %d on %s: want 1 to 65535", c.Port, c.Host)
	}
	if len(c.SSH) == 0 {
		c.SSH = []string{"ssh"}
	}
	if _, err := exec.LookPath(c.SSH[0]); err != nil {
		return nil, fmt.Errorf("%w; install it (Debian: openssh-client)", err)
	}
	c.Alive = max(cmp.Or(c.Alive, 15*time.Second), time.Second)
	c.Retry, c.Hop = cmp.Or(c.Retry, time.Second), cmp.Or(c.Hop, "localhost")
	if c.Say == nil {
		c.Say = func(string) {}
	}
	random := make([]byte, 8)
	rand.Read(random) // never fails
	dir, err := makeDir()
	if err != nil {
		return nil, err
	}
	return &Tunnel{config: c, name: "constat-record-" + hex.EncodeToString(random), dir: dir}, nil
}

// makeDir makes a directory that only this user may enter, with a short name.
func makeDir() (string, error) {
	var errs []error
	for _, parent := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		if parent == "" {
			continue
		}
		dir, err := os.MkdirTemp(parent, "constat-ssh-")
		if err == nil && len(dir) <= maxDir {
			return dir, nil
		}
		if err == nil {
			os.Remove(dir)
			err = fmt.Errorf("%s is too long for a socket", dir)
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("no place for a socket: %w; name a directory with a short name by TMPDIR", errors.Join(errs...))
}

// Socket is the path that connections come to. The caller listens there before Run.
func (t *Tunnel) Socket() string { return filepath.Join(t.dir, "s") }

func (t *Tunnel) control() string { return filepath.Join(t.dir, "c") }

// Close removes the directory of the sockets. It is for after Run.
func (t *Tunnel) Close() error { return os.RemoveAll(t.dir) }

// stable is how long a connection must have lasted for the next wait to be short again.
const stable = time.Minute

// Run keeps the tunnel until the context ends, and then returns nil when nothing of it is left. Another error means that
// the first attempt failed: later ones are repeated.
func (t *Tunnel) Run(ctx context.Context) error {
	for failures, opened := 0, false; ; failures++ {
		s, err := t.open(ctx, opened)
		if err == nil {
			opened = true
			began := time.Now()
			if err = s.wait(ctx); time.Since(began) > stable {
				failures = 0
			}
		}
		s.close()
		switch {
		case ctx.Err() != nil:
			return nil
		case !opened:
			return fmt.Errorf("tunnel to %s: %w", t.config.Host, err)
		}
		pause := t.config.Retry << min(failures, 6)
		t.config.Say(fmt.Sprintf("the tunnel to %s is down: %v; next attempt in %v", t.config.Host, err, pause))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}
