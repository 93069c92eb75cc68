// Package column keeps lists of byte strings and of integers in few bytes, and searches them without decoding all of
// it. It knows nothing of entries: package segment says what the lists are.
//
// A column is a shared part, which may be empty, and blocks of up to 8,192 values; a block is read with nothing but its
// payload and the shared part. Every encoding gives every value back byte for byte: an encoding is taken only for values
// that it can write in the same way again. Numbers are uvarints and svarints as in package entry, a string is a uvarint
// length and its bytes, integers of more than one byte are little-endian.
//
// # Streams
//
//	uvarint  bytes before compression
//	uvarint  bytes behind it, or 0: they stand as they are. Both this and the bytes are missing if there are none
//	bytes    a zstd frame (RFC 8878)
//
// # Integers
//
//	0  1  mode: 0 plain, 1 differences
//	1  1  width w in bytes, 0 to 8
//	2     svarint first (the first integer in mode 1, else 0), svarint least, uvarint unit
//	      w streams: byte 0 of all stored numbers, then byte 1, …
//
// In mode 0 an integer is least + unit · stored; in mode 1 it is the one before + least + unit · stored, and the first is
// first. All of it is modulo 2^64.
//
// # Shared parts
//
//	dictionary  1 ‖ uvarint number of values ‖ stream of their lengths (uvarints) ‖ stream of their bytes
//	templates   2 ‖ 1 if a row of the column has no template, else 0 ‖ uvarint number of templates
//	              ‖ stream of their lengths ‖ stream of their texts ‖ stream of nine bytes for each variable
//
// A token is a run of [0-9A-Za-z_] and bytes from 0x80 that is as long as it can be; a variable is a token with a digit. The
// template of a text is the text with a byte 0 in the place of each variable. Texts that hold a byte 0 have none. Of the nine
// bytes of a variable the first eight are a number with a bit for each byte that stands in one of its values (bit 0 digits, 1
// to 26 a to z, 27 to 52 A to Z, 53 _, 54 bytes from 0x80), the last is the length of the longest of them (255: or more).
//
// # Blocks
//
// The first byte of a payload is its encoding.
//
//	0 text       stream of lengths (uvarints) ‖ stream of bytes
//	1 constant   the value of all rows
//	2 codes      for each row the number of its value in the dictionary: a stream of the low bytes and, if the
//	             dictionary has more than 256 values, one of the high bytes
//	3 templates  a stream with a bit for each id, set if it stands in the block: id 0 is rows without a template, id n+1
//	             template n; for each row the place of its id among those, in streams of bytes as codes; then the
//	             streams heads, 18 streams of integers, hex, lengths, text
//
// The last 22 streams hold runs: first the values of rows without a template, if there are any, as a run of texts; then
// for each template that stands in the block, in the order of their numbers, for each of its variables the values in
// row order. What kind of run it is stands in heads, the values stand in the other streams, all runs of a kind behind each
// other.
//
//	0 constant   string                               nothing: all values are that
//	1 decimal    svarint least, width                 least + stored, as strconv.AppendInt writes it
//	2 padded     length, svarint least, width         the same with leading zeros, in so many digits
//	3 hex        length, even                         lower-case digits, two in a byte
//	4 HEX        length, even                         upper-case digits
//	5 text       uvarint bytes in lengths, in text    uvarint in lengths, bytes in text
//	6 affixed    string, string, then another kind    what stands before and behind all values, and what between
//
// Stored integers have 0, 1, 2, 3, 4 or 8 bytes. Of the 18 streams the first belongs to integers of one byte, the next two to
// the bytes of those of two, the lowest first, the next three to those of three, then four, then eight.
//
// # Filters
//
// Columns that are neither constant nor have a dictionary have a filter: see the comment in filter.go. Its keys are
// the whole values or, of messages, the variables of four bytes and more, and every token of four bytes and more of rows
// that have no template.
package column
