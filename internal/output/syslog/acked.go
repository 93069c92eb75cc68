package syslog

import (
	"net"

	"golang.org/x/sys/unix"
)

// bytesAcked is how many octets of a connection the other kernel has acknowledged (RFC 4898, tcpEStatsAppHCThruOctetsAcked).
func bytesAcked(conn *net.TCPConn) (n int64, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var info *unix.TCPInfo
	var failed error
	err = raw.Control(func(fd uintptr) { info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil {
		return 0, err
	}
	if failed != nil {
		return 0, failed
	}
	return int64(info.Bytes_acked), nil
}
