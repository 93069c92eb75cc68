// Package frame is the format of a head: the newest entries of a journal in append-only compressed frames.
//
// # Head file
//
// A head begins with a header of 64 bytes, then come frames, each complete in itself. All integers are little-endian.
//
//	 0  8  magic "CONSTATh"
//	 8  2  format number
//	10  2  zero
//	12  8  journal id
//	20  8  index of the first entry
//	28 16  nonce key of the journal
//	44 16  zero
//	60  4  CRC-32C of bytes 0…59
//
// # Frame
//
//	 0  8  magic C5 "cnstfr" 0A
//	 8  4  length of the whole frame in bytes, trailer included
//	12  4  length of the payload as stored
//	16  4  length of the payload before compression
//	20  4  CRC-32C of the payload as stored
//	24  4  number of entries
//	28  4  epoch, the same for all entries
//	32  8  index of the first entry
//	40  8  earliest received time, µs
//	48  8  latest received time, µs
//	56  1  codec: 0 stored, 1 S2 (one block)
//	57  1  kinds of entries in the frame, bit k for kind k (package entry)
//	58  2  zero
//	60  4  CRC-32C of bytes 0…59 and the nonce key of the journal
//	64     payload: for each entry a uvarint length and the body (package entry)
//	end-4  length of the whole frame again, so that a head can be read from its end
//
// A frame is found again behind damage by its magic and the checksum of its header: losing N bytes of a head costs the
// frames that they touch.
//
// # Evolution
//
// Magic, format number and the checksum at byte 60 stay where they are in every format. A reader refuses a head with a
// format number that it does not know and a sound checksum, saying so, and never calls it damaged; with a wrong
// checksum the number means nothing. Where zero is written, anything else under a sound checksum is of a newer program too.
package frame
