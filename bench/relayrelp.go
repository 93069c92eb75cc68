package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// relpWindow is how many messages a RELP sender has under way, as librelp.
const relpWindow = 128

// relpShare is the part of the load that goes over RELP: every message waits for a disk.
const relpShare = 10

// relayRELPCase is relayCase with RELP on both sides: the sender is answered when the relay has taken over, in constat
// when the message is durable. Only a part of the load goes: rsyslog takes its time.
func (s *suite) relayRELPCase(context.Context) (benchCase, error) {
	small := load{lines: s.load.split(relpShare)[0]}
	small.messages = bytes.Count(small.lines, []byte{'\n'})
	parts := small.split(connections)
	relay := func(make func(sink int) server) runner {
		return relayTo(serveRELP, sendRELP, make, small.messages, parts)
	}
	peer := func(name string) contender {
		if found, _ := filepath.Glob("/usr/lib/*/rsyslog/omrelp.so"); s.rsyslogd == "" || len(found) == 0 {
			return contender{name: name, missing: "peer missing: apt-get install rsyslog rsyslog-relp"}
		}
		return contender{name: name, run: relay(func(sink int) server { return relpRsyslog{relayRsyslog{rsyslog{s.rsyslogd, false}, sink, false}} })}
	}
	return benchCase{name: "relay-relp", title: fmt.Sprintf("relay, RELP to RELP, window %d, %d messages", relpWindow, small.messages), contenders: []contender{
		{name: "constat, durable", run: relay(func(sink int) server { return relpConstat{relayConstat{constat{s.binary}, sink, true}} })},
		{name: "constat, durable and indexed", run: relay(func(sink int) server { return relpConstat{relayConstat{constat{s.binary}, sink, false}} })},
		peer("rsyslog, queue in memory"),
	}}, nil
}

type relpConstat struct{ relayConstat }

func (c relpConstat) command(dir string, port int) ([]string, error) {
	return c.with(dir, fmt.Sprintf("  udp: [\"127.0.0.1:%d\"]\n  relp: [{address: \"127.0.0.1:%d\"}]\n", port, port), fmt.Sprintf("relp://127.0.0.1:%d", c.sink))
}

type relpRsyslog struct{ relayRsyslog }

func (r relpRsyslog) command(dir string, port int) ([]string, error) {
	text := fmt.Sprintf(`global(workDirectory="%[1]s")
module(load="imrelp")
module(load="omrelp")
module(load="imudp")
input(type="imrelp" address="127.0.0.1" port="%[2]d")
input(type="imudp" address="127.0.0.1" port="%[2]d")
template(name="raw" type="string" string="%%rawmsg%%")
action(type="omrelp" target="127.0.0.1" port="%[3]d" windowSize="%[4]d" template="raw" action.resumeRetryCount="-1")
`, dir, port, r.sink, relpWindow)
	file := filepath.Join(dir, "rsyslog.conf")
	return []string{r.binary, "-n", "-i", filepath.Join(dir, "pid"), "-f", file}, os.WriteFile(file, []byte(text), 0o644)
}

// sendRELP sends the lines of each part over a session of its own, and returns when all are answered.
func sendRELP(ctx context.Context, port int, parts [][]byte) error {
	return sendAll(ctx, port, parts, relpSession)
}

func relpSession(conn net.Conn, lines []byte) error {
	const offer = "relp_version=0\nrelp_software=bench\ncommands=syslog"
	if _, err := fmt.Fprintf(conn, "1 open %d %s\n", len(offer), offer); err != nil {
		return err
	}
	in := bufio.NewReaderSize(conn, 64<<10)
	if _, _, _, err := relpFrame(in); err != nil {
		return err
	}
	slots, answered := make(chan struct{}, relpWindow), make(chan error, 1)
	messages := bytes.Count(lines, []byte{'\n'})
	go func() {
		for range messages {
			_, _, data, err := relpFrame(in)
			if err != nil || !bytes.HasPrefix(data, []byte("200")) {
				answered <- fmt.Errorf("answer %.40q: %w", data, err)
				conn.Close() // ends the sender
				return
			}
			<-slots
		}
		answered <- nil
	}()
	out := bufio.NewWriterSize(conn, 64<<10)
	for number := 2; len(lines) > 0; number++ {
		select {
		case slots <- struct{}{}:
		default:
			if err := out.Flush(); err != nil {
				return errors.Join(<-answered, err)
			}
			slots <- struct{}{}
		}
		end := bytes.IndexByte(lines, '\n')
		fmt.Fprintf(out, "%d syslog %d %s\n", number, end, lines[:end]) // an error comes with Flush
		lines = lines[end+1:]
	}
	if err := out.Flush(); err != nil {
		return errors.Join(<-answered, err)
	}
	return <-answered
}

// relpFrame reads a frame. The data points into memory that the next call uses again.
func relpFrame(in *bufio.Reader) (number, command string, data []byte, err error) {
	if number, err = in.ReadString(' '); err != nil {
		return "", "", nil, err
	}
	if command, err = in.ReadString(' '); err != nil {
		return "", "", nil, err
	}
	digits := make([]byte, 0, 9)
	for {
		c, err := in.ReadByte()
		if err != nil {
			return "", "", nil, err
		}
		if c == '\n' {
			return number, command, nil, nil // no data
		}
		if c == ' ' {
			break
		}
		digits = append(digits, c)
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil || n < 0 || n > 1<<20 {
		return "", "", nil, fmt.Errorf("length %q", digits)
	}
	data = make([]byte, n+1)
	_, err = io.ReadFull(in, data)
	return number, command, data[:n], err
}

// serveRELP answers a session and counts its messages.
func serveRELP(s *sink, conn net.Conn) {
	defer conn.Close()
	in, out := bufio.NewReaderSize(conn, 256<<10), bufio.NewWriterSize(conn, 64<<10)
	for {
		number, command, _, err := relpFrame(in)
		if err != nil {
			return
		}
		answer := "200 OK"
		switch command {
		case "open ":
			answer += "\nrelp_version=0\nrelp_software=bench\ncommands=syslog"
		case "syslog ":
			s.count.Add(1)
		case "close ":
			fmt.Fprintf(out, "%srsp 0\n0 serverclose 0\n", number)
			out.Flush() // the other side goes
			return
		}
		fmt.Fprintf(out, "%srsp %d %s\n", number, len(answer), answer) // an error comes with Flush
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
	}
}
