package station_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/internal/inquiry"
	"constat/station"
)

// dom0 answers one question on a socket with what answer makes of its id.
func dom0(t *testing.T, answer func(part func(kind byte, number uint64, body string) string) string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "st")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for lines := bufio.NewReader(conn); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			asked, ok := inquiry.Parse([]byte(strings.TrimSuffix(line, "\n")))
			if ok {
				id := string(asked.ID)
				io.WriteString(conn, answer(func(kind byte, number uint64, body string) string {
					return string((&inquiry.Line{Kind: kind, ID: []byte(id), Number: number, Body: []byte(body)}).Append(nil))
				}))
			}
		}
	}()
	return path
}

// TestAnswers: what a channel may bring beside the answer, and what must not be taken for one.
func TestAnswers(t *testing.T) {
	const entry, end = `{"MESSAGE":"x","PRIORITY":"3"}`, `{"entries":1,"too_long":2,"missing":3,"more":true}`
	type part = func(byte, uint64, string) string
	for name, c := range map[string]struct {
		answer func(part) string
		want   string
	}{
		"whole": {func(p part) string {
			other := inquiry.Line{Kind: 'a', ID: []byte("0000000000000000"), Number: 1, Body: []byte(entry)}
			return "rest\n" + string(other.Append(nil)) + strings.Repeat("y", 600_000) + "\n" + strings.Replace(p('a', 1, entry), "\n", "\r\n", 1) + p('z', 2, end)
		}, "1 true 2 3 <nil>"},
		"torn":    {func(p part) string { return strings.Replace(p('a', 1, entry), "x", "y", 1) + p('z', 2, end) }, "got lost"},
		"missing": {func(p part) string { return p('a', 2, entry) + p('z', 3, end) }, "got lost"},
		"refused": {func(p part) string { return p('z', 1, `{"error":"busy"}`) }, "Dom0 does not answer: busy"},
		"silent":  {func(p part) string { return p('a', 1, entry) }, "no answer in time"},
		"no JSON": {func(p part) string { return p('a', 1, "x") + p('z', 2, end) }, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			from := station.Source{Channel: dom0(t, c.answer), Timeout: 20 * time.Second}
			if name == "silent" {
				from.Timeout = 200 * time.Millisecond
			}
			l, err := from.GetLog(context.Background(), station.Query{})
			if got := fmt.Sprintf("%d %v %d %d %v", len(l.Entries), l.More, l.TooLong, l.Missing, err); !strings.Contains(got, c.want) {
				t.Errorf("%s, want %q", got, c.want)
			}
		})
	}
}

// TestStuckDaemon: a daemon that takes connections and answers nothing holds up no more than one call.
func TestStuckDaemon(t *testing.T) {
	dir, err := os.MkdirTemp("", "st")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("CONSTAT_SOCKET", filepath.Join(dir, "s"))
	log := station.New(station.Options{Out: io.Discard, Timeout: 50 * time.Millisecond, Buffer: 4000})
	began := time.Now()
	for range 100 {
		log.Info("x", "")
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("100 calls took %v", took)
	}
	if err := log.Close(); err == nil || log.Stats().Dropped < 50 {
		t.Errorf("%v, %+v", err, log.Stats())
	}
}
