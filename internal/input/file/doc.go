// Package file takes lines out of files that other programs write, and out of named pipes.
//
// # Files
//
// [Follower] reads a file from where it was before, and hands over whole lines. The position moves when the lines are
// durable, and is written down within a second, durably: what is read is never lost by a restart or a crash, and at most
// what was read in the last second before a crash is read twice.
//
// A file is known by its first octets, at most 1 KiB, and by its inode. If the file under the path is another one, the
// former one is looked for in the same directory, as its neighbours whose names begin alike; it is read to its end
// first. So a file may be renamed or copied and truncated, also while nobody follows it. If it is nowhere, that is
// counted ("gone, perhaps before it was read to its end"); so is one that was truncated without a copy. Files that were rotated in between, whose names are that of
// the path and a number or date, are read whole. What "copytruncate" loses, between its copy and its truncation, is lost.
//
// A line is handed over when its LF is there. Of a line above the limit the beginning is kept. The last line of a file
// that was renamed is handed over without LF too, flagged [FlagTruncated].
//
// # Patterns
//
// [Many] follows all files that a pattern fits, each with a Follower, which asks it before it opens anything: a file is
// claimed by its inode, so that nobody else reads it under another name, and what was read stays known when it is left. What
// looks like the copy of "copytruncate" is held back until its original is truncated. When there are too many, files
// that rest are closed in turn.
//
// # Pipes
//
// [Pipe] reads a named pipe, and makes it if there is none. While the sink has no room its writers wait.
//
// # Sources
//
//	file /var/log/app.log    _TRANSPORT=file _FILE=/var/log/app.log
//	pipe /run/pipe           _TRANSPORT=pipe _FILE=/run/pipe
package file
