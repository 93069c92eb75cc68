// Package crashfs is a file system in memory that can lose its power. It is
// for tests.
//
//	disk := crashfs.New()
//	… write a store to disk …
//	after := disk.Crash(rand.New(rand.NewPCG(seed, 0)))
//	… open the store on after: it must find what was acknowledged …
//
// Power can be lost at every single operation:
//
//	for k := 0; ; k++ {
//		disk := crashfs.New()
//		disk.SetHook(func(op crashfs.Op) error {
//			if op.Index == k {
//				disk.PowerOff()
//			}
//			return nil
//		})
//		err := run(disk)
//		check(err, disk.Crash(nil), disk.Crash(rng), …)
//		if disk.Ops() <= k { // run was over before operation k
//			break
//		}
//	}
//
// # Contents
//
// A file has a content that processes see, and on the disk the content of its
// last Sync plus the list of writes and truncates since then. After [FS.Crash]
// any subset of that list has reached the disk, in order; the last write that
// has is torn at a random byte or sector; a write that has not may still have
// moved the end of the file, with zeros or garbage up to there.
//
// A Sync that a hook lets fail loses the unsynced writes for good, as Linux
// does: they can be read, but no later Sync brings them to the disk, where only
// zeros, or what was there before, are found after a crash.
//
// # Names
//
// A directory has the names that processes see, and on the disk those of its
// last SyncDir. A file system has one list of the operations on names that are
// not durable yet. After Crash a subset of them has happened, such that
//
//   - a rename within a directory, and any move of a directory, has happened
//     or not, never in part;
//   - a file moved between directories has the old name, the new one or both;
//   - operations on the same name keep their order;
//   - nothing durable is lost by a move: neither into a directory that is not
//     there, nor out of one whose removal has happened.
//
// SyncDir makes durable what was done to the names in that one directory, and
// what must have happened before it by these rules. A move between directories
// is durable when both are synced; with only the new one synced, both names may
// be there; with only the old one synced, nothing is certain. The name of a
// directory is an entry in its parent: if that was not synced, everything
// below is gone.
//
// # Limits
//
// Names are slash-separated and absolute; a relative one starts at the root,
// which always exists. There are no links, permissions are kept but not
// enforced, and times are zero. Files have no holes: their size is what
// they take of the capacity. Everything may be called concurrently.
package crashfs
