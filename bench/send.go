package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// writeSize is how much a TCP sender gives to the kernel at once.
const writeSize = 64 << 10

// sendTCP sends parts as fast as they are taken, each over its own connection, all at once. It returns when the server
// has closed the connections, which it does after it has read everything.
func sendTCP(ctx context.Context, port int, parts [][]byte) error {
	return sendAll(ctx, port, parts, sendStream)
}

// sendAll sends parts all at once, each over its own connection, which the end of the context breaks.
func sendAll(ctx context.Context, port int, parts [][]byte, send func(net.Conn, []byte) error) error {
	done := make(chan error, len(parts))
	for _, part := range parts {
		go func() { done <- sendOver(ctx, port, part, send) }()
	}
	var errs []error
	for range parts {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}

func sendOver(ctx context.Context, port int, part []byte, send func(net.Conn, []byte) error) error {
	conn, err := net.Dial("tcp", loopback(port))
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	return send(conn, part)
}

func sendStream(conn net.Conn, b []byte) error {
	for len(b) > 0 {
		n := min(len(b), writeSize)
		if _, err := conn.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, conn)
	return err
}

// sendUDP sends each line as a datagram, so many a second, evenly, from one socket. It returns how many were sent.
func sendUDP(ctx context.Context, port int, lines []byte, perSecond float64) (sent int, err error) {
	conn, err := net.Dial("udp", loopback(port))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	begun := time.Now()
	for due := 0; len(lines) > 0; {
		if sent == due {
			if err := sleep(ctx, udpTick); err != nil {
				return sent, err
			}
			due = int(time.Since(begun).Seconds() * perSecond)
		}
		for ; sent < due && len(lines) > 0; sent++ {
			end := bytes.IndexByte(lines, '\n')
			if _, err := conn.Write(lines[:end]); err != nil {
				return sent, fmt.Errorf("datagram %d: %w", sent, err)
			}
			lines = lines[end+1:]
		}
	}
	return sent, nil
}

// udpTick is how often the sender of datagrams looks at the clock when it has sent what was due.
const udpTick = 200 * time.Microsecond

// emptied waits until a server has read everything out of its UDP socket.
func emptied(ctx context.Context, port int) error {
	for empty := 0; empty < 5; empty++ {
		if waiting, found := socketOf("udp", port); found && waiting > 0 {
			empty = 0
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
