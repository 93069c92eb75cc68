// Package sidecar is the format of the files that hold private values, <index>.priv, and of the keys that open them.
//
// A file begins with a header of 64 bytes (package frame, kind 'p') and holds blocks, ordered by index and position.
// All integers are little-endian.
//
//	 0  8  magic C5 "cnstpv" 0A
//	 8  8  index of the first entry
//	16  4  number of values
//	20  4  bytes of the table
//	24  4  bytes of the ciphertext
//	28  4  zero
//	32  8  id of the key
//	40 16  id of the block, random
//	56  4  CRC-32C of the table
//	60  4  CRC-32C of bytes 0…59
//	64     the table: for each value
//	         uvarint   index less that of the value before (the first: less that in the header, which is 0)
//	         uvarint   position of the field in its entry << 1 | 1 if the value is erased
//	         16 bytes  id of the erasure, if it is erased
//	…      the ciphertext: AES-256-GCM, nonce 0, over bytes 0…55 and the table as additional data, of
//	         16 bytes  salt, then a string: the value. For each that is not erased, in the order of the table
//
// The key of a block is HMAC-SHA256(key of the file, "constat private block v0\n" ‖ id of the block): no two blocks
// share one, so that the nonce may be 0. What stands in the table anybody may know: the fields of an entry show which of
// them are private. The hash of a block is its SHA-256.
//
// A key is a file of its own beside the store, STORE.keys/private/<id>: its 32 bytes in hex and a line feed. Whoever
// destroys it makes all blocks unreadable that name it, and all copies of them.
package sidecar
