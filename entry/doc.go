// Package entry is one event as constat keeps it, and the canonical bytes that are hashed.
//
// An [Entry] is an ordered list of fields (name, bytes, provenance) with a received time, an optional event time, a
// kind, and the id of the renderer that gives the received octets back. Names may repeat and values may be any bytes.
//
// # Leaf, nonce, body
//
// The bytes that enter the tree are
//
//	leaf = nonce (16 bytes) ‖ body
//
// and the leaf hash is SHA-256(0x00 ‖ leaf) (RFC 6962, section 2.1). The nonce is AES-128(nonce key, index), derived
// by [Nonces], so that it costs no byte on disk; it keeps the sibling hashes of a proof from being guessed. What is
// stored is the body.
//
// # Body
//
// All integers are little-endian base-128 varints in their shortest form (uvarint; svarint is zigzag), a string is a
// uvarint length and its bytes. There is exactly one encoding of an entry: [Decoder.Decode] refuses every other.
//
//	version     byte     [Version]
//	kind        byte     0 event, 1 loss, 2 seal, 3 control
//	epoch       uvarint  time epoch of the store, below 2^32
//	received    svarint  µs since 1970-01-01 UTC, by the ingest clock
//	event       byte     0: none; 1+d: a time written with d fraction digits follows (d = 0…9)
//	  micros    svarint    µs since 1970-01-01 UTC, rounded down
//	  nanos     uvarint    only if d > 6: the ns below the µs, 0…999
//	  zone      string     as written: "", "Z", "+02:00" …; at most 32 bytes
//	renderer    uvarint  see [Renderer]
//	params      string   parameters of the renderer
//	fields      uvarint  count, then per field:
//	  tag       byte       provenance (bits 0-1) | form (bits 2-3) | name (bits 4-7)
//	  name                 see [AppendHead] and [ValidName]
//	  value                form inline:  string
//	                       form private: 32-byte salted digest
//	                       form blob:    32-byte salted digest, uvarint size of the value
//	                       form packed:  the same; no name; the blob holds a list of inline and private fields
//
// Digits that were not written are zero: a time with 3 digits is a whole number of milliseconds. The leaf is at most
// [MaxLeaf] bytes; [Spill] moves values into blobs until it is.
//
// # Evolution
//
// A released renderer never changes its output, a new renderer or kind gets a new number, and any other change gets a
// new version byte: each is [ErrNewer] to a reader that does not know it. Version 0 was never fixed, and is refused.
package entry
