// Package beep is the part of BEEP that syslog needs (RFC 3080, and RFC 3081 for TCP): frames, windows, and a session as
// a machine that takes frames and says which ones to send. It does no input or output, and does not know what is in the
// messages of a profile.
//
// A frame is a header, octets, and a trailer:
//
//	MSG CHANNEL NUMBER MORE SEQ SIZE CR LF … END CR LF     a message
//	RPY CHANNEL NUMBER MORE SEQ SIZE CR LF … END CR LF     its reply
//	ERR CHANNEL NUMBER MORE SEQ SIZE CR LF … END CR LF     its refusal
//	ANS CHANNEL NUMBER MORE SEQ SIZE ANSWER CR LF … END CR LF   one of many answers to it
//	NUL CHANNEL NUMBER . SEQ 0 CR LF END CR LF             there are no more answers
//	SEQ CHANNEL SEQ WINDOW CR LF                           so many octets may come, from that one on
//
// MORE is "." for the last frame of a message and "*" for all before. SEQ counts the octets of a channel and a direction,
// modulo 2³². Both sides begin with a greeting on channel 0, where channels are started and closed. The side that was
// connected to is the listener; the other one, the initiator, starts channels with odd numbers.
//
// A frame that breaks the rules of RFC 3080 §2.2.1.1 ends the session without an answer: [ErrProtocol]. What is wrong
// within a message of channel 0 is answered by an error with a code of RFC 3080 §8.
package beep
