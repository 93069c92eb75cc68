package syslog

import (
	"net"

	"golang.org/x/sys/unix"
)

// bytesAcked is how many octets of a connection the other kernel has acknowledged (RFC 4898, tcpEStatsAppHCThruOctetsAcked).
func bytesAcked(conn *net.TCPConn) (n int64, err error) {
	info, err := tcpInfo(conn)
	if err != nil {
		return 0, err
	}
	return int64(info.Bytes_acked), nil
}

func tcpInfo(conn *net.TCPConn) (info *unix.TCPInfo, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil {
		return nil, err
	}
	return info, failed
}
