// Package quotafs wraps a file system and lets the files below some directories take so many bytes and no more. Beyond
// that writing fails with ENOSPC, as on a disk of that size. It is for stores in memory, where a full file system would
// take the machine down.
//
// A file takes whole pages of 4 KiB. Directories are not counted, and neither is what others write at the same time
// until [FS.Free] is called.
package quotafs
