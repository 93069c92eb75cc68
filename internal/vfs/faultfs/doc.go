// Package faultfs wraps a file system and makes operations fail. It is for
// tests.
//
// Mutating operations (create, write, truncate, sync, rename, remove, mkdir,
// syncdir) are counted from 0, and a [Plan] says which of them fails and how.
// A first run with the zero Plan tells how many there are, and then all of them
// can be made to fail in turn:
//
//	clean := faultfs.New(base(), faultfs.Plan{})
//	run(clean)
//	for k := range clean.Ops() {
//		for _, mode := range faultfs.Modes() {
//			faulty := faultfs.New(base(), faultfs.Plan{At: k, Mode: mode})
//			err := run(faulty)
//			…
//		}
//	}
//
// Errors wrap [ErrInjected] and either syscall.EIO or syscall.ENOSPC. Reads are
// not counted; [FS.FailReads] makes them fail by name.
//
// A sync that is not done leaves the unsynced bytes to the next one. That is
// kinder than Linux; the hook of crashfs is not.
package faultfs
