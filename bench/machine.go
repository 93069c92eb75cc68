package main

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"constat/internal/measure"
)

// machine is where something was measured, and what.
type machine struct {
	cpu, memory, kernel, disk, sync, load, buffers, constat, rsyslog, peers string
}

// rows are the facts for people, with their names.
func (m machine) rows() [][2]string {
	return [][2]string{
		{"CPU", fmt.Sprintf("%s, %d cores", m.cpu, runtime.NumCPU())},
		{"Memory", m.memory}, {"Kernel", m.kernel}, {"Disk", m.disk}, {"4 KiB write and fsync", m.sync},
		{"Load average before", m.load}, {"net.core.rmem_max", m.buffers}, {"constat", m.constat}, {"rsyslogd", m.rsyslog}, {"Other peers", m.peers},
	}
}

// look finds out about the machine and the programs.
func (s *suite) look(ctx context.Context) (m machine, err error) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m, err
	}
	m.cpu = valueOf(string(info), "model name")
	info, err = os.ReadFile("/proc/meminfo")
	if err != nil {
		return m, err
	}
	m.memory = fmt.Sprintf("%.1f GB", float64(kilobytes(string(info), "MemTotal:"))/1e9)
	m.kernel = firstLine("/proc/sys/kernel/osrelease")
	m.load, m.buffers = firstLine("/proc/loadavg"), firstLine("/proc/sys/net/core/rmem_max")
	if m.sync, err = syncLatency(s.work); err != nil {
		return m, err
	}
	if m.disk, err = diskOf(s.work); err != nil {
		return m, err
	}
	m.constat, m.rsyslog = s.version(ctx), s.peerVersion(ctx)
	var peers []string
	for _, a := range s.archives()[1:] {
		peers = append(peers, a.name()+" "+a.version(ctx))
	}
	m.peers = strings.Join(peers, ", ")
	return m, nil
}

// valueOf finds a line "key : value".
func valueOf(text, key string) string {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func firstLine(name string) string {
	text, _ := os.ReadFile(name)
	line, _, _ := strings.Cut(string(text), "\n")
	return cmp.Or(strings.TrimSpace(line), "unknown")
}

// version is what git says of the source, if it can be asked, and what the build says of the program.
func (s *suite) version(ctx context.Context) string {
	info, err := buildinfo.ReadFile(s.binary)
	if err != nil {
		return "unknown"
	}
	source := info.Main.Version
	if out, err := exec.CommandContext(ctx, "git", "-C", s.module, "describe", "--tags", "--always", "--dirty").Output(); err == nil {
		source = strings.TrimSpace(string(out))
	}
	return source + ", " + info.GoVersion
}

// peerVersion is what rsyslogd calls itself.
func (s *suite) peerVersion(ctx context.Context) string {
	if s.rsyslogd == "" {
		return "missing"
	}
	out, err := exec.CommandContext(ctx, s.rsyslogd, "-v").Output()
	if err != nil {
		return "unknown"
	}
	fields := strings.Fields(string(out))
	if len(fields) < 2 {
		return "unknown"
	}
	return fields[1]
}

// diskOf names the device and the file system of a directory.
func diskOf(dir string) (string, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(dir, &st); err != nil {
		return "", err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	return parseMount(string(mounts), deviceName(st.Dev)), nil
}

// deviceName prints the number of a device as the kernel does, MAJOR:MINOR.
func deviceName(dev uint64) string {
	return fmt.Sprintf("%d:%d", dev>>8&0xfff|dev>>32&^0xfff, dev&0xff|dev>>12&^0xff)
}

// parseMount finds a device in a list of mounts: "ID PARENT MAJOR:MINOR ROOT AT OPTIONS … - TYPE SOURCE …".
func parseMount(mounts, device string) string {
	for line := range strings.Lines(mounts) {
		left, right, ok := strings.Cut(line, " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if ok && len(l) > 5 && len(r) > 1 && l[2] == device {
			return fmt.Sprintf("%s, %s, %s", r[1], r[0], l[5])
		}
	}
	return "device " + device
}

// syncLatency measures how long it takes until 4 KiB behind a file are durable.
func syncLatency(dir string) (string, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var took []time.Duration
	for range 100 {
		begun := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return "", err
		}
		if err := f.Sync(); err != nil {
			return "", err
		}
		took = append(took, time.Since(begun))
	}
	s := measure.SpreadOf(took, func(d time.Duration) float64 { return d.Seconds() * 1e3 })
	return fmt.Sprintf("%.2f ms (%.2f–%.2f, 100 times)", s.Median, s.Low, s.High), nil
}
