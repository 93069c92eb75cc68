package entry

// Well-known names stand as numbers in a body: see [AppendHead]. The list is part of the format: what is in it MUST be
// written as its number, so that nothing may be added, removed or moved but with another [Version].
//
// The first ones are those of syslog and what the kernel tells of a sender; then come the fields of the systemd journal
// (systemd.journal-fields(7)), our own, the elements that RFC 5424, section 7, defines, and what JSON loggers write.
var knownNames = [...]string{
	1: "MESSAGE", "PRIORITY", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "HOSTNAME", "SYSLOG_PID", "SYSLOG_MSGID",
	"_TRANSPORT", "_SOURCE_ADDR", "_PID", "_UID", "_GID", "_COMM", "_EXE",

	// 15 and above take two bytes.
	"_CMDLINE", "_BOOT_ID", "_MACHINE_ID", "_HOSTNAME", "_SYSTEMD_UNIT", "_SYSTEMD_CGROUP", "_SYSTEMD_SLICE",
	"_SYSTEMD_INVOCATION_ID", "_SYSTEMD_USER_UNIT", "_SYSTEMD_USER_SLICE", "_SYSTEMD_OWNER_UID", "_SYSTEMD_SESSION",
	"_CAP_EFFECTIVE", "_SELINUX_CONTEXT", "_AUDIT_SESSION", "_AUDIT_LOGINUID", "_RUNTIME_SCOPE", "_NAMESPACE",
	"_STREAM_ID", "_LINE_BREAK", "_SOURCE_REALTIME_TIMESTAMP", "_SOURCE_MONOTONIC_TIMESTAMP",
	"_SOURCE_BOOTTIME_TIMESTAMP", "_KERNEL_DEVICE", "_KERNEL_SUBSYSTEM", "_UDEV_SYSNAME", "_UDEV_DEVNODE",
	"_UDEV_DEVLINK", "_AUDIT_TYPE", "_AUDIT_TYPE_NAME", "_AUDIT_ID", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP",
	"__CURSOR", "__SEQNUM", "__SEQNUM_ID", "MESSAGE_ID", "CODE_FILE", "CODE_LINE", "CODE_FUNC", "ERRNO",
	"INVOCATION_ID", "USER_INVOCATION_ID", "UNIT", "USER_UNIT", "UNIT_RESULT", "JOB_ID", "JOB_TYPE", "JOB_RESULT",
	"SYSLOG_RAW", "SYSLOG_TIMESTAMP", "DOCUMENTATION", "TID", "THREAD_NAME", "EXIT_CODE", "EXIT_STATUS",
	"SESSION_ID", "USER_ID", "LEADER", "GLIB_DOMAIN", "QT_CATEGORY", "NM_DEVICE", "NM_LOG_LEVEL", "NM_LOG_DOMAINS",
	"TIMESTAMP_MONOTONIC", "TIMESTAMP_BOOTTIME", "COREDUMP_UNIT", "OBJECT_PID", "OBJECT_UID", "OBJECT_GID",
	"OBJECT_COMM", "OBJECT_EXE", "OBJECT_CMDLINE", "OBJECT_SYSTEMD_UNIT", "CONTAINER_ID", "CONTAINER_ID_FULL",
	"CONTAINER_NAME", "CONTAINER_TAG", "IMAGE_NAME",

	"_SOURCE_PORT", "_TLS_PEER", "_VIA", "_FRAMING", "_SYNTAX", "_RAW", "_TRUNCATED_BYTES", "TRUNCATED_BYTES", "TAG",
	"CONTROL", "SEAL", "JOURNAL", "JOURNAL_ID", "FIRST", "LAST", "BLOCKS", "CHECKPOINT", "CERTIFICATE", "TOKEN",
	"REASON", "RULE", "FILE", "FILE_SHA256", "SHA256", "BYTES", "COUNT", "FLOOR", "NEWEST", "NEWEST_EPOCH",
	"DESCRIPTOR_SHA256", "CODE", "WITNESS", "BEFORE", "AFTER", "BOOTTIME", "LOSS_REASON", "LOSS_SOURCE",
	"LOSS_MESSAGES", "LOSS_OCTETS", "LOSS_SINCE",

	"timeQuality", "timeQuality.tzKnown", "timeQuality.isSynced", "timeQuality.syncAccuracy", "origin", "origin.ip",
	"origin.enterpriseId", "origin.software", "origin.swVersion", "meta", "meta.sequenceId", "meta.sysUpTime",
	"meta.language",

	"message", "msg", "_msg", "level", "severity", "time", "timestamp", "@timestamp", "ts", "logger", "host",
	"hostname", "host.name", "app", "service", "service.name", "pid", "process.pid", "log.level", "name", "error",
	"err", "caller", "stack", "trace_id", "span_id", "user", "method", "path", "status", "remote_addr", "user_agent",
	"_TLS_VERSION", "_TLS_FINGERPRINT", "_FILE", "_OUTPUT", "_XEN_DOMAIN", "_XEN_EVENT", "CHANNEL_NUMBER",
	"CHANNEL_RUN", "LOSS_RUN", "LOSS_FIRST", "LOSS_LAST", "PREDECESSOR", "LAST_CHECKPOINT", "ERASURE", "FIELD",
	"SELECTOR", "BY", "QUESTION", "ASKED_BY", "custody", "began", "station", "file.path", "file.size", "file.sha256",
	"file.md5", "file.mime", "medium.id", "medium.label", "medium.serial", "medium.role", "engine.name",
	"engine.version", "engine.signatures", "engine.signatures_date", "threat", "reason", "cid", "op", "current_user",
	"target_user", "result", "extra", "extra.remote_addr",
}

// lastKnown is the number of well-known names.
const lastKnown = len(knownNames) - 1

// LongName is the first number that does not fit into the tag of a field.
const LongName = 15

// KnownNames returns the well-known names in the order of their numbers, of which the first is 1.
func KnownNames() []string { return append([]string(nil), knownNames[1:]...) }

// AppendHead appends what stands before the value of a field in a body: its tag and its name. The tag is
// provenance | form << 2 | n << 4. For the well-known names 1 to 14, n is their number and nothing follows. For the
// others n is 15, and a byte holds their number less 15. Where n is 0 the name follows as a string.
func AppendHead(dst []byte, p Provenance, f Form, name string) []byte {
	return appendHead(dst, p, f, name, knownNumber(name))
}

func appendHead(dst []byte, p Provenance, f Form, name string, number int) []byte {
	tag := byte(p) | byte(f)<<2
	switch {
	case number == 0:
		return appendString(append(dst, tag), name)
	case number < LongName:
		return append(dst, tag|byte(number)<<4)
	}
	return append(dst, tag|LongName<<4, byte(number-LongName))
}

// KnownName returns the well-known name of a number, and "" if there is none.
func KnownName(number int) string {
	if number < 1 || number > lastKnown {
		return ""
	}
	return knownNames[number]
}

// IsKnownName reports whether a name must be written as a number.
func IsKnownName(name []byte) bool { return knownNumber(name) > 0 }

// knownNumber returns the number of a well-known name, 0 for any other.
func knownNumber[T string | []byte](name T) int {
	if len(name) == 0 {
		return 0
	}
	for slot := knownSlot(name); ; slot = (slot + 1) % knownSlots {
		n := knownIndex[slot]
		if n == 0 || knownNames[n] == string(name) {
			return int(n)
		}
	}
}

// knownSlots is the size of the table in which names are looked up: a power of two, most of it empty.
const knownSlots = 1024

var knownIndex = indexKnown()

func knownSlot[T string | []byte](name T) int {
	n := len(name)
	return (n*131 + int(name[0])*7 + int(name[n-1])*29 + int(name[n/2])*61) % knownSlots
}

func indexKnown() (index [knownSlots]uint8) {
	for n, name := range knownNames {
		if n == 0 {
			continue
		}
		slot := knownSlot(name)
		for index[slot] != 0 {
			slot = (slot + 1) % knownSlots
		}
		index[slot] = uint8(n)
	}
	return index
}
