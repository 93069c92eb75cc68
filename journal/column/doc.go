// Package column keeps lists of byte strings and of integers in few bytes, and searches them without decoding all of
// them. It knows neither entries nor files; checksums are the caller's.
//
// A column is cut into blocks of up to 8192 values. What all blocks need, a dictionary or templates, stands in the
// shared part. All integers are little-endian; uvarint and varint are those of encoding/binary.
//
// # Stream
//
// A run of bytes that may be compressed:
//
//	uvarint  twice the number of bytes before compression, plus 1 if they are compressed
//	uvarint  only if compressed: number of bytes as stored
//	…        the bytes, or one zstd frame
//
// # Block
//
//	0  1  kind: 1 numbers of values of the dictionary, 2 one list, 3 templates
//	1     six streams:
//	      header   what follows below; each list takes its part of the other streams in the order of the headers
//	      radix    numbers as digits in a base, and bytes of hexadecimal numbers; never compressed
//	      low      lowest bytes of integers
//	      high     other bytes of integers
//	      text     bytes of texts
//	      codes    like low, for the numbers of templates
//
// All streams must be used up exactly. The header of kind 1 is that of integers, of kind 2 that of a list, of kind 3:
//
//	uvarint  how many templates occur in the block
//	         for each: uvarint number, less the one before it plus 1 (the first as it is); uvarint how many rows have it
//	…        integers (lowest bytes in codes): for each row which of these templates it has
//	…        for each template, for each of its lists: header of a list, of as many values as rows have the template
//
// # Integers
//
//	0  1  way: 0 all the same, 1 radix, 2 planes; plus 4 for differences
//	      only for differences: varint first value; what follows is about each value less the one before it
//	      varint smallest value
//	      radix:  uvarint largest value less smallest
//	      planes: 1 byte, number of planes, 1 to 8
//
// Radix: with b the largest value less the smallest plus 1, groups of k values v less the smallest are the numbers
// v₀ + v₁·b + v₂·b² + … of s bytes, where s ≤ 8 and s/k is the smallest there is, with the smallest k. The last group
// holds what is left, in as few bytes as its largest number needs. Planes: the lowest bytes of all values less the
// smallest in low; all second bytes, then all third bytes and so on in high. Sums and differences are modulo 2⁶⁴.
//
// AppendInts writes the six streams header … codes, with one such header.
//
// # List
//
//	0  1  kind
//	      kind 9:         uvarint number of new values n; integers, not 0 for a value that is new; integers, for each
//	                      of the others which new value it is; a list of the n new values, not of kind 9
//	      all others:     uvarint number of bytes that all values begin with; these bytes; of the rest of each value:
//	      0 text          uvarint number of bytes in text; integers, the lengths
//	      1 decimal       integers: no zero in front, "-" only before other than 0, more than -2⁶³
//	      2 digits        1 byte, how many (1 to 18); integers: zeros in front
//	      3 hexadecimal   1 byte, how many (1 to 15); integers: lower case, zeros in front
//	      4 hexadecimal   the same in upper case
//	      5 IPv4 address  integers: four numbers without zeros in front
//	      6 time          integers, µs since 1970: 2006-01-02T15:04:05.000000Z
//	      7 hexadecimal   1 byte, how many (even); half as many bytes in radix for each value: lower case
//	      8 UUID          1 byte, 36; 16 bytes in radix for each value: lower case
//	     10 unsigned      integers less 2⁶³: no zero in front, below 10¹⁹
//	     11 IPv6 address  in text, the first bytes of all values, then their second bytes, to their sixteenth: RFC 5952
//
// A list of no values has no header. A form is taken only if it gives every value of the list back.
//
// # Shared part
//
//	0  1  kind: 1 dictionary, 2 templates
//	      dictionary: uvarint number of values (up to 65536), and six streams as in a block of kind 2
//	      templates:  one stream: uvarint number of templates; for each uvarint length; their bytes; for each byte 01
//	                  in them 1 byte, the length of the longest value of that list (255: longer), and 1 byte: 0 if only
//	                  digits occur, 1 if 8 bytes follow, a bit for each byte that occurs: 0–9, A–Z, _, a–z, ≥ 0x80
//
// In a template, byte 01 stands for a token that holds a digit, 02 for an IPv4 address; a token is a run of 0–9, A–Z,
// a–z, _ and bytes ≥ 0x80 that is as long as it can be. Template 0 is one list for whole values that are like few
// others or hold the bytes 01 or 02.
//
// # Filter
//
// Lines of 64 bytes. There are twelve bits for each key. A key sets six bits of one line. Its hash h, with m = 9FB21C651E98DF25 (all modulo 2⁶⁴):
//
//	h = length·m xor 2545F4914F6CDD1D
//	for every 8 bytes w:  h = (h xor w)·m;  h = h xor h>>29
//	the rest as w:        h = mix((h xor w)·m xor w>>31)
//	mix(h): h = h xor h>>32, times D6E8FEB86659FD93, the same again, xor h>>32
//
// The line is the number of lines times h, divided by 2⁶⁴; the bits are bits 0–8, 9–17, 18–26, 27–35, 36–44 and 45–53 of
// mix(h). The keys are whole values of columns that are kept as lists, or for messages: every token of every value, those
// of the templates included, so that the filter can be asked before anything else is read.
//
// # Evolution
//
// Numbers of kinds and ways stay what they are. A reader refuses a number that it does not know; of the first byte of
// a block or of a shared part it says that a newer program has written it.
package column
