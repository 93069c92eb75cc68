package main

import (
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	busy, wait := parseStat("cpu  1 2 3 400 5 6 7 0 0 0\ncpu0 9 9 9 9\n")
	if busy != 190*time.Millisecond || wait != 50*time.Millisecond {
		t.Errorf("busy %v, wait %v", busy, wait)
	}
}

func TestLimit(t *testing.T) {
	for want, u := range map[string]usage{
		"all cores":   {cores: 2, busy: 1.9, program: 1.2},
		"disk":        {cores: 2, busy: 0.5, wait: 0.6},
		"own threads": {cores: 4, busy: 1.4, program: 1.1},
		"load sender": {cores: 4, busy: 1.4, program: 0.3, bench: 0.95},
		"waits":       {cores: 4, busy: 0.1},
	} {
		if got := limitOf(u); !strings.HasPrefix(got, want) {
			t.Errorf("%+v: %s, want %s", u, got, want)
		}
	}
}

func TestParseSockets(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0202 0100007F:8000 01 00000000:00000007 00:00000000 00000000 0 0 1 1 0
  12: 0100007F:0202 00000000:0000 07 00000000:00000A00 00:00000000 00000000 0 0 1 2 0 0
`
	if waiting, found := parseSockets(table, 0x202); waiting != 0xa00 || !found {
		t.Errorf("%d, %v", waiting, found)
	}
	if _, found := parseSockets(table, 0x8000); found {
		t.Error("found the other end")
	}
}

func TestParseMount(t *testing.T) {
	const mounts = `21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 21 0:26 / /tmp rw,nosuid - tmpfs tmpfs rw,size=1g
`
	if got := parseMount(mounts, "0:26"); got != "tmpfs, tmpfs, rw,nosuid" {
		t.Error(got)
	}
	if got := parseMount(mounts, "8:1"); got != "device 8:1" {
		t.Error(got)
	}
	if got := deviceName(254<<8 | 3); got != "254:3" {
		t.Error(got)
	}
}

func TestParseRate(t *testing.T) {
	rate, err := parseRate("BenchmarkAppend \t 1000000\t 981.3 ns/op\t 1019075 entries/s\t 3 B/op\nPASS\n")
	if rate != 1019075 || err != nil {
		t.Error(rate, err)
	}
	if _, err := parseRate("PASS"); err == nil {
		t.Error("no rate, no error")
	}
}

func TestLoad(t *testing.T) {
	l, err := newLoad(1000)
	if err != nil {
		t.Fatal(err)
	}
	parts := l.split(3)
	if len(parts) != 3 || strings.Join([]string{string(parts[0]), string(parts[1]), string(parts[2])}, "") != string(l.lines) {
		t.Fatal("the parts are not the whole")
	}
	for _, p := range parts {
		if p[len(p)-1] != '\n' || len(p) < len(l.lines)/4 {
			t.Errorf("part of %d octets", len(p))
		}
	}
	if got := string(counted([]byte("ab\n0123456789\n"))); got != "2 ab10 0123456789" {
		t.Error(got)
	}
}
