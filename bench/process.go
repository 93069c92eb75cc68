package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopWithin is how long a process may take to end by itself.
const stopWithin = 2 * time.Minute

// process is a contender's process. It is killed when the context ends, and when this program dies.
type process struct {
	cmd    *exec.Cmd
	log    string // what it prints
	exited chan struct{}
	err    error // of its end; set when exited is closed
}

// start starts a program in dir. What it prints goes into a file there.
func start(ctx context.Context, dir, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, name, args...), log: filepath.Join(dir, "output"), exited: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // ctrl-C is for us
	p.cmd.Cancel = func() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// run starts a program and waits for its end.
func run(ctx context.Context, dir, name string, args ...string) (*process, error) {
	p, err := start(ctx, dir, name, args...)
	if err != nil {
		return nil, err
	}
	<-p.exited
	return p, p.failed()
}

// failed tells why the process did not end well, with the end of what it printed.
func (p *process) failed() error {
	if p.err == nil {
		return nil
	}
	text, _ := os.ReadFile(p.log)
	if len(text) > 2000 {
		text = text[len(text)-2000:]
	}
	return fmt.Errorf("%s: %w\n%s", filepath.Base(p.cmd.Path), p.err, text)
}

// stop asks the process to end, and waits until it has.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exited:
		return p.failed()
	case <-time.After(stopWithin):
		p.kill()
		return fmt.Errorf("%s did not end within %v", filepath.Base(p.cmd.Path), stopWithin)
	}
}

// kill ends the process and its children at once.
func (p *process) kill() {
	if p.ended() {
		return // its id may be somebody else's
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.exited
}

// ended is whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// cpu is what the process, and every child it waited for, have used. The process has ended.
func (p *process) cpu() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// used is what the running process itself has used until now, in steps of 10 ms.
func (p *process) used() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name: see proc_pid_stat(5)
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %d fields", p.cmd.Process.Pid, len(fields))
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// rest waits until the process has nothing to do, and returns what it has used by then: what a start costs.
func (p *process) rest(ctx context.Context) (time.Duration, error) {
	const calm = 500 * time.Millisecond
	last, since := time.Duration(-1), time.Now()
	for end := time.Now().Add(readyWithin); time.Now().Before(end) && time.Since(since) < calm; {
		used, err := p.used()
		if err != nil {
			return 0, err
		}
		if used != last {
			last, since = used, time.Now()
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return last, nil
}

// memory is how much memory the running process has, and the most it had, in bytes.
func (p *process) memory() (now, peak int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	return kilobytes(string(text), "VmRSS:"), kilobytes(string(text), "VmHWM:")
}

// kilobytes finds a line "key  N kB", and returns the number of bytes.
func kilobytes(text, key string) int64 {
	_, rest, _ := strings.Cut(text, key)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(fields[0], 10, 64)
	return n << 10
}
