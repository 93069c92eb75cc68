// Package relp is the Reliable Event Logging Protocol, both sides of it: frames, the server's session as a machine that
// says what to answer, and a client. It does not know what becomes of messages.
//
// The protocol has one description, doc/relp.md of librelp, and one implementation in wide use, librelp itself; where
// they differ the wire counts. A frame is
//
//	TXNR SP COMMAND SP DATALEN [SP DATA] LF
//
// TXNR has one to nine digits, COMMAND one to 32 letters, DATALEN one to nine digits: that many octets of DATA, any
// octets. Without DATA there is no blank before it. The client numbers its commands from 1; behind 999,999,999 comes 1
// again. Each command is answered by "rsp" with the number of the command. The number 0 is for hints, which nobody
// answers: "serverclose" is one.
//
//	C: 1 open 51 relp_version=0 LF relp_software=… LF commands=syslog LF
//	S: 1 rsp 57 200 OK LF relp_version=0 LF relp_software=… LF commands=syslog LF
//	C: 2 syslog 21 <13>… LF
//	S: 2 rsp 6 200 OK LF
//	C: 3 close 0 LF
//	S: 3 rsp 0 LF
//	S: 0 serverclose 0 LF
//
// The version on the wire is 0, though the description says 1. RELP over TLS is TLS from the first octet; "starttls" is
// described and exists nowhere. An answer 200 says that the server has taken over; what it has not answered, the client
// sends again over another connection, so that duplicates are part of the protocol.
package relp
