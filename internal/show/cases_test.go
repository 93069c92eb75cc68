package show

import (
	"time"

	"constat/entry"
)

// paris is a fixed zone, so that the tests do not depend on the machine.
var paris = time.FixedZone("CEST", 2*3600)

// received is the time of all records of the tests: 2025-06-15T15:30:00.123456Z.
const received = 1750001400123456

// record makes a record of fields.
func record(fields ...entry.Field) *Record {
	return &Record{
		Journal: "system", ID: [8]byte{1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}, Index: 42,
		Entry: &entry.Entry{Received: received, Fields: fields},
	}
}

func claimed(name, value string) entry.Field {
	return entry.Field{Name: name, Value: []byte(value), Provenance: entry.Claimed}
}

func observed(name, value string) entry.Field {
	return entry.Field{Name: name, Value: []byte(value), Provenance: entry.Observed}
}

func imported(name, value string) entry.Field {
	return entry.Field{Name: name, Value: []byte(value), Provenance: entry.Imported}
}

func erased(name string) entry.Field {
	f := private(name)
	f.Erased = true
	return f
}

func private(name string) entry.Field {
	return entry.Field{Name: name, Value: make([]byte, entry.DigestSize), Form: entry.Private}
}

func missing(name string, size uint64) entry.Field {
	return entry.Field{Name: name, Value: make([]byte, entry.DigestSize), Size: size, Form: entry.Blob}
}

func packed() entry.Field {
	return entry.Field{Value: make([]byte, entry.DigestSize), Size: 99999, Form: entry.Packed}
}

// syslogFields are what a line of syslog has, with another message.
func syslogFields(message string) []entry.Field {
	return []entry.Field{
		claimed("PRIORITY", "6"), claimed("SYSLOG_FACILITY", "10"), claimed("HOSTNAME", "web1"),
		claimed("SYSLOG_IDENTIFIER", "sshd"), claimed("SYSLOG_PID", "812"), claimed("MESSAGE", message),
		observed("_TRANSPORT", "syslog"), observed("_SOURCE_ADDR", "192.0.2.7"),
	}
}

// cases are the records that every format prints in the golden tests.
func cases() []namedRecord {
	axis := record(imported("MESSAGE", "from elsewhere"), imported("PRIORITY", "4"))
	axis.EventAxis, axis.Journal = true, "imported"
	axis.Entry.Event = entry.Time{Micros: 1749990600500000, Digits: 1, Zone: "+02:00", Valid: true}
	event := record(syslogFields("with event time")...)
	event.Entry.Event = entry.Time{Micros: 1750001399000000, Zone: "Z", Valid: true}
	stored := record(imported("__CURSOR", "s=1;i=2"), imported("__REALTIME_TIMESTAMP", "1600000000000000"),
		imported("__MONOTONIC_TIMESTAMP", "77"), imported("__INDEX", "7"), imported("__KIND", "odd"), imported("MESSAGE", "was exported"))
	loss := record(observed("MESSAGE", "12 datagrams lost"), observed("LOST", "12"))
	loss.Entry.Kind = entry.Loss
	lossless := record(observed("_HOSTNAME", "box"), observed("LOST", "12"), observed("REASON", "queue full"))
	lossless.Entry.Kind = entry.Loss
	control := record(observed("PRIORITY", "5"), observed("MESSAGE", "journal created"))
	control.Entry.Kind = entry.Control
	before := record(claimed("MESSAGE", "before 1970"))
	before.Entry.Received = -1
	text := record(claimed("MESSAGE", "as received\n"))
	text.Entry.Renderer = entry.RenderText
	return []namedRecord{
		{"syslog", record(syslogFields("Accepted publickey for root")...)},
		{"lines", record(syslogFields("first\n\tsecond\n\nfourth\n")...)},
		{"event time", event},
		{"event axis", axis},
		{"no host, no app", record(claimed("MESSAGE", "bare"), observed("_PID", "1"))},
		{"json logger", record(claimed("level", "WARN"), claimed("service", "api"), claimed("pid", "9"), claimed("msg", "slow"), claimed("took ms", "1 200"))},
		{"no message", record(claimed("host", "h"), claimed("temp", "21.5"), claimed("note", "a=b c"), observed("_COMM", "sensor"))},
		{"raw octets only", record(observed("_RAW", "<999>garbage\x00"), observed("_SOURCE_ADDR", "192.0.2.7"))},
		{"text renderer", text},
		{"empty", record()},
		{"empty values", record(claimed("HOSTNAME", ""), claimed("SYSLOG_IDENTIFIER", ""), claimed("MESSAGE", ""))},
		{"private", record(claimed("SYSLOG_IDENTIFIER", "audit"), private("target_user"), private("MESSAGE"))},
		{"missing blob", record(claimed("SYSLOG_IDENTIFIER", "dump"), missing("MESSAGE", 70000))},
		{"packed", record(packed())},
		{"erased", record(claimed("SYSLOG_IDENTIFIER", "audit"), erased("target_user"), claimed("MESSAGE", "one"), erased("MESSAGE"))},
		{"repeated", record(claimed("MESSAGE", "one"), claimed("TAG", "a"), claimed("MESSAGE", "two"), private("TAG"), claimed("TAG", "c,\"d\""))},
		{"hostile", record(claimed("HOSTNAME", "h\nJun 15"), claimed("SYSLOG_IDENTIFIER", "t\x1b[31m"), claimed("MESSAGE", "a\x1b]0;x\x07\x7f\u0085\u202eb\u2066\tc\r\n2"))},
		{"not UTF-8", record(claimed("MESSAGE", "caf\xe9 é ☃"), claimed("BIN", "\x00\xff"))},
		{"odd names", record(claimed(`q"uo\te`, "1"), claimed("a b", "2"), claimed("é", "3"), claimed("MESSAGE", "m"))},
		{"imported lines", stored},
		{"loss", loss},
		{"loss without message", lossless},
		{"control", control},
		{"before 1970", before},
	}
}

type namedRecord struct {
	name   string
	record *Record
}
