// Package mqtt makes entries of what the programs of a station publish on their broker.
//
// A payload is one JSON object. The level is not in it, but in the topic, which comes from the input.
//
//	{"component": …, "module": …, "datetime": "YYYY-MM-DD HH:MM:SS.mmm", "description": …}
//	{"disk": …, "filepath": …, "error": …}
//
//	component      HOSTNAME
//	module         SYSLOG_IDENTIFIER
//	description    MESSAGE
//	datetime       the event time, in the zone of the parser, because it says none
//	error          MESSAGE, if there is no description
//
// Every other member is a field of its name: a string as it is, another value as its JSON text. A key that is the name
// of a field of the daemon's, or begins with an underscore, is set off: "PRIORITY" is payload.PRIORITY. Where the
// members do not give the octets back exactly, these are kept beside them. What is no such object is a MESSAGE of text.
package mqtt
