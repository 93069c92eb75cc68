package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// freePort is a port on which nobody listens, on TCP nor UDP.
func freePort() (int, error) {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		u, err := net.ListenPacket("udp", loopback(port))
		if err == nil {
			u.Close()
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port on 127.0.0.1")
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// socketOf finds the socket that listens on a port of 127.0.0.1, and what waits in it, in bytes of memory.
func socketOf(protocol string, port int) (waiting int64, found bool) {
	text, err := os.ReadFile("/proc/net/" + protocol)
	if err != nil {
		return 0, false
	}
	return parseSockets(string(text), port)
}

// parseSockets reads a table of the kernel: a line is "N: LOCAL REMOTE STATE TX:RX …", addresses as HEX:HEX, and the
// remote one of a listener is 0.
func parseSockets(text string, port int) (waiting int64, found bool) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 5 || f[1] != fmt.Sprintf("0100007F:%04X", port) || f[2] != "00000000:0000" {
			continue
		}
		_, rx, _ := strings.Cut(f[4], ":")
		waiting, _ = strconv.ParseInt(rx, 16, 64)
		return waiting, true
	}
	return 0, false
}
