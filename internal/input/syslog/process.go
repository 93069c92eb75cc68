package syslog

import (
	"bytes"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxCommand  = 4 << 10               // octets of a command line that are kept
	commandWait = 20 * time.Millisecond // how long one is waited for
	maxReads    = 8                     // of command lines at once
)

// process is what /proc says of a process. It is comparable; the zero value is a process that is gone.
type process struct {
	start         string // clock ticks since boot: tells two processes with one pid apart
	comm, exe     string
	commandLine   string
	noCommandLine bool // it could not be read now
}

// proc reads /proc. Reading a command line touches the memory of that process, and a process can make that take
// forever, by mapping a file there that does not answer. So it is read beside the caller, who waits for a moment only.
type proc struct {
	reads chan struct{} // one for each read under way
}

func newProc() *proc { return &proc{reads: make(chan struct{}, maxReads)} }

// read returns what is known of a process. All of it is of one process, also when the pid is given away meanwhile.
func (p *proc) read(pid int32) process {
	var out process
	dir, err := unix.Open("/proc/"+strconv.Itoa(int(pid)), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return out
	}
	defer unix.Close(dir)
	out.start = startTime(contents(dir, "stat", 1024))
	if out.start == "" {
		return process{}
	}
	out.comm = string(bytes.TrimSuffix(contents(dir, "comm", 64), []byte{'\n'}))
	link := make([]byte, unix.PathMax)
	if n, err := unix.Readlinkat(dir, "exe", link); err == nil {
		out.exe = string(link[:n])
	}
	out.commandLine, out.noCommandLine = p.command(dir)
	return out
}

// command returns the arguments of a process, joined by blanks, or says that they do not come.
func (p *proc) command(dir int) (arguments string, missing bool) {
	select {
	case p.reads <- struct{}{}:
	default:
		return "", true
	}
	fd, err := unix.Openat(dir, "cmdline", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		<-p.reads
		return "", false
	}
	result := make(chan string, 1)
	go func() {
		result <- joined(readAll(fd, maxCommand))
		<-p.reads
	}()
	select {
	case arguments = <-result:
		return arguments, false
	case <-time.After(commandWait):
		return "", true
	}
}

// joined is a command line as it is shown: the zero octet behind each argument is a blank between two.
func joined(b []byte) string {
	return string(bytes.ReplaceAll(bytes.TrimRight(b, "\x00"), []byte{0}, []byte{' '}))
}

// contents returns the first octets of a file.
func contents(dir int, name string, limit int) []byte {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	return readAll(fd, limit)
}

// readAll reads so much of a file, and closes it.
func readAll(fd, limit int) []byte {
	defer unix.Close(fd)
	b := make([]byte, 0, limit)
	for len(b) < limit {
		n, err := unix.Read(fd, b[len(b):limit])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			break
		}
		b = b[:len(b)+n]
	}
	return b
}

// startTime is field 22 of /proc/PID/stat (proc_pid_stat(5)). The name of the program, in brackets, may hold anything.
func startTime(stat []byte) string {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return ""
	}
	return string(fields[19])
}
