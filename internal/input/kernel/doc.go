// Package kernel reads the messages of the kernel from /dev/kmsg (Documentation/ABI/testing/dev-kmsg of Linux), one record
// at each read:
//
//	6,339,5140900,-;NET: Registered protocol family 10
//	 SUBSYSTEM=net
//
// that is facility times 8 plus level, the number of the record since boot, microseconds since boot, and flags; then the text,
// in which octets that cannot be printed are written as \x and two digits, and perhaps keys of a driver. The record is kept as
// it was read, the text is the message.
//
// How far it has read is written down when it is durable, with the boot in which that was. A daemon that is started again reads
// on from there, and after a boot from the first record that the kernel still has. What the kernel has thrown away meanwhile is
// counted by the gap in the numbers.
package kernel
