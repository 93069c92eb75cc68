package syslog

import (
	"golang.org/x/sys/unix"

	"constat/entry"
)

// Describe returns what kernel and /proc know of a process of this machine: _PID, _UID, _GID, _COMM, _EXE, _CMDLINE.
func Describe(pid, uid, gid int) []entry.Field {
	who := unix.Ucred{Pid: int32(pid), Uid: uint32(uid), Gid: uint32(gid)}
	return describe(who, newProc().read(who.Pid))
}
