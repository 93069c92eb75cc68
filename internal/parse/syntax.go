package parse

import (
	"math/bits"

	"constat/entry"
)

// Syntax is the field that says what is odd about a message in the format [Syslog]: one value for each word that
// applies, observed, because it is not the sender who says so. A well-formed message has none. The words:
//
//	no_pri        no <PRI>: PRIORITY 5, SYSLOG_FACILITY 1 assumed (RFC 3164, section 4.3.3)
//	bad_pri       "<>", or '<' with something other than a number and '>': the same; in the second case nothing else is read
//	leading_zero  <034>: read as 34
//	pri_range     a number above 191: PRIORITY 7 assumed, no SYSLOG_FACILITY
//	tz_assumed    an ISO time without a zone, or a zone by an unknown name: read in local time
//	bad_time      looks like a time and is none (24:00:00, 30 February): no event time
//	leap_second   second 60: kept as 59.999999
//	long_fraction more than 6 digits of a second
//	host_only     a single word behind the time, taken for the host
//	odd_host      a host with '@' or '/'
//	tag_blanks    the tag seems to have blanks: its first word is SYSLOG_IDENTIFIER
//	extra_blanks  more than one blank where one is due, stepped over
//	version       RFC 5424 with another version than 1
//	rfc3164_time  RFC 5424 with the time of RFC 3164
//	short_header  RFC 5424 that ends within its header
//	no_sd         RFC 5424 with neither structured data nor "-" in its place
//	bad_sd        structured data that cannot be read: it is part of MESSAGE
//	sd_unquoted   a value in the structured data without quotes
//	empty         no octet but the end of a line
const Syntax = "_SYNTAX"

// oddities is a set of those words.
type oddities uint32

const (
	noPRI oddities = 1 << iota
	badPRI
	leadingZero
	priRange
	tzAssumed
	badTime
	leapSecond
	longFraction
	hostOnly
	oddHost
	tagBlanks
	extraBlanks
	otherVersion
	monthTime
	shortHeader
	noSD
	badSD
	sdUnquoted
	nothing
)

// oddityWords are in the order of the bits.
var oddityWords = [...][]byte{
	[]byte("no_pri"), []byte("bad_pri"), []byte("leading_zero"), []byte("pri_range"), []byte("tz_assumed"),
	[]byte("bad_time"), []byte("leap_second"), []byte("long_fraction"), []byte("host_only"), []byte("odd_host"),
	[]byte("tag_blanks"), []byte("extra_blanks"), []byte("version"), []byte("rfc3164_time"), []byte("short_header"),
	[]byte("no_sd"), []byte("bad_sd"), []byte("sd_unquoted"), []byte("empty"),
}

// observe adds a field that the sender did not write.
func observe(e *entry.Entry, name string, value []byte) {
	e.Fields = append(e.Fields, entry.Field{Name: name, Value: value, Provenance: entry.Observed})
}

// addSyntax adds a field for each word of the set.
func addSyntax(e *entry.Entry, odd oddities) {
	for ; odd != 0; odd &= odd - 1 {
		observe(e, Syntax, oddityWords[bits.TrailingZeros32(uint32(odd))])
	}
}
