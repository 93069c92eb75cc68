// Package conformance holds what constat promises about the messages and streams of others, one folder a case, and the
// tests that hold it to that. A case is octets and what must become of them; nothing in it knows how constat is built.
//
//	syslog/<case>/input           the octets of one datagram
//	syslog/<case>/expected.json   the fields of its entry, as "constat show -o json" names and writes them
//	framing/<case>/input          the octets of one TCP connection, which is then closed
//	framing/<case>/expected.json  the messages that they are
//	selectors/cases.txt           what selectors of a syslog.conf select in each dialect, one case a line
//
// In expected.json null says that there is no such field; fields that are not named are not looked at. That the octets
// come back as they were is always checked. "YYYY" in __EVENT_TIME is the year that the rule for times without a year
// gives: the last in which the time is at most a day after the message was received. {"__COUNTED": WORD} says that
// there is no entry, and that the input counts the message under that word. Times without a zone are read in UTC.
//
// A stream has "messages": the octets of each, and its fields by name. It may have "writes", the sizes of the pieces in
// which the sender writes it (what is left over is the last), and "limit", the longest message that the input is to keep.
//
//	go test -v ./conformance         runs them and says how many
//	go test ./conformance -update    writes what came out into expected.json: read it, it must follow from the RFCs and
//	                                 from docs/inputs/syslog-messages.md, not from the program
package conformance
