package entry

// The roles: names by which people ask, whatever the sender called the field.
const (
	roleMessage = iota
	roleHost
	roleApp
	rolePID
	roleUnit
	roleLevel
	roleFacility
)

// roleTable says which fields play a role, best first. The upper-case names are those of the systemd journal
// (systemd.journal-fields(7)): what the sender says stands before what the daemon observed, because a relay observes
// itself. The lower-case ones are what JSON loggers write; "host.name", "service.name", "process.pid" and "log.level"
// are names of OpenTelemetry and ECS, "_msg" is that of VictoriaLogs. A unit is observed first: anybody may claim one.
var roleTable = [...]struct {
	role  string
	names []string
}{
	roleMessage:  {"message", []string{"MESSAGE", "_msg", "msg", "message"}},
	roleHost:     {"host", []string{"HOSTNAME", "_HOSTNAME", "host", "hostname", "host.name"}},
	roleApp:      {"app", []string{"SYSLOG_IDENTIFIER", "_COMM", "app", "service", "service.name", "logger"}},
	rolePID:      {"pid", []string{"SYSLOG_PID", "_PID", "pid", "process.pid"}},
	roleUnit:     {"unit", []string{"_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT", "UNIT", "USER_UNIT", "unit"}},
	roleLevel:    {"level", []string{"PRIORITY", "level", "severity", "lvl", "log.level"}},
	roleFacility: {"facility", []string{"SYSLOG_FACILITY", "facility"}},
}

// RoleNames returns the names of the fields that play a role, best first, in a list of the caller's own; nil if there
// is no such role. The roles are message, host, app, pid, unit, level and facility:
//
//	message   MESSAGE, _msg, msg, message
//	host      HOSTNAME, _HOSTNAME, host, hostname, host.name
//	app       SYSLOG_IDENTIFIER, _COMM, app, service, service.name, logger
//	pid       SYSLOG_PID, _PID, pid, process.pid
//	unit      _SYSTEMD_UNIT, _SYSTEMD_USER_UNIT, UNIT, USER_UNIT, unit
//	level     PRIORITY, level, severity, lvl, log.level
//	facility  SYSLOG_FACILITY, facility
//
// The first of these that an entry has decides, even if its value is empty or cannot be read. For level and facility
// it is the first that says one.
func RoleNames(role string) []string {
	for i := range roleTable {
		if roleTable[i].role == role {
			return append([]string(nil), roleTable[i].names...)
		}
	}
	return nil
}

// Message returns the text of the entry. ok is false if it has none, or if the value is private or in a blob.
func (e *Entry) Message() (value []byte, ok bool) { return e.role(roleMessage) }

// Host returns the name of the machine; ok as in [Entry.Message].
func (e *Entry) Host() (value []byte, ok bool) { return e.role(roleHost) }

// App returns the name of the program; ok as in [Entry.Message].
func (e *Entry) App() (value []byte, ok bool) { return e.role(roleApp) }

// PID returns the process id as written; ok as in [Entry.Message].
func (e *Entry) PID() (value []byte, ok bool) { return e.role(rolePID) }

// Unit returns the name of the systemd unit; ok as in [Entry.Message].
func (e *Entry) Unit() (value []byte, ok bool) { return e.role(roleUnit) }

// Level returns the severity, 0 (emerg) to 7 (debug). ok is false if no field says one that [ParseLevel] knows.
func (e *Entry) Level() (level int, ok bool) {
	for _, name := range roleTable[roleLevel].names {
		if value, found := e.Get(name); found {
			if level, ok = ParseLevel(value); ok {
				return level, true
			}
		}
	}
	return 0, false
}

// Facility returns the syslog facility, 0 (kern) to 23 (local7). ok is false if no field says one that
// [ParseFacility] knows.
func (e *Entry) Facility() (facility int, ok bool) {
	for _, name := range roleTable[roleFacility].names {
		if value, found := e.Get(name); found {
			if facility, ok = ParseFacility(value); ok {
				return facility, true
			}
		}
	}
	return 0, false
}

func (e *Entry) role(role int) ([]byte, bool) {
	for _, name := range roleTable[role].names {
		for i := range e.Fields {
			if f := &e.Fields[i]; f.Name == name && f.Form != Inline {
				return nil, false
			} else if f.Name == name {
				return f.Value, true
			}
		}
	}
	return nil, false
}

// numbered is one name of a level or a facility.
type numbered struct {
	name   string
	number int
}

// levelNames holds the names of levels; the first of a number is the one we write. Beside the eight of RFC 5424,
// section 6.2.1, these are the synonyms of syslog.conf and what loggers use: nothing logs above crit by itself, and
// there is nothing below debug.
var levelNames = [...]numbered{
	{"emerg", 0}, {"alert", 1}, {"crit", 2}, {"err", 3}, {"warning", 4}, {"notice", 5}, {"info", 6}, {"debug", 7},
	{"emergency", 0}, {"panic", 0}, {"critical", 2}, {"fatal", 2}, {"error", 3}, {"severe", 3}, {"warn", 4},
	{"information", 6}, {"informational", 6}, {"trace", 7}, {"verbose", 7},
}

// facilityNames holds the names of facilities; the first of a number is the one we write. RFC 5424 names 12 to 15 in
// words only; "security" is left out, which is 4 to some daemons and 13 to others.
var facilityNames = [...]numbered{
	{"kern", 0}, {"user", 1}, {"mail", 2}, {"daemon", 3}, {"auth", 4}, {"syslog", 5}, {"lpr", 6}, {"news", 7},
	{"uucp", 8}, {"cron", 9}, {"authpriv", 10}, {"ftp", 11}, {"ntp", 12}, {"audit", 13}, {"console", 14}, {"cron2", 15},
	{"local0", 16}, {"local1", 17}, {"local2", 18}, {"local3", 19}, {"local4", 20}, {"local5", 21}, {"local6", 22},
	{"local7", 23},
}

// LevelName returns the name of a level as syslog.conf writes it, "" if it is not 0…7.
func LevelName(level int) string {
	if level < 0 || level > 7 {
		return ""
	}
	return levelNames[level].name
}

// FacilityName returns the name of a facility as syslog.conf writes it, "" if it is not 0…23.
func FacilityName(facility int) string {
	if facility < 0 || facility >= len(facilityNames) {
		return ""
	}
	return facilityNames[facility].name
}

// ParseLevel returns the level that s says: one digit 0…7, or a name in letters of any case. Other numbers are
// refused, because the scales of loggers contradict each other (50 is an error to pino and critical to Python).
func ParseLevel[T string | []byte](s T) (level int, ok bool) {
	if n, digits := smallNumber(s); digits && n <= 7 {
		return n, true
	}
	return numberNamed(levelNames[:], s)
}

// ParseFacility returns the facility that s says: a number 0…23 without leading zeros, or a name in letters of any case.
func ParseFacility[T string | []byte](s T) (facility int, ok bool) {
	if n, digits := smallNumber(s); digits && n < len(facilityNames) {
		return n, true
	}
	return numberNamed(facilityNames[:], s)
}

// smallNumber returns the value of s and whether s is a number below 100 without leading zeros.
func smallNumber[T string | []byte](s T) (n int, ok bool) {
	if len(s) == 0 || len(s) > 2 || (len(s) == 2 && s[0] == '0') {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// numberNamed finds s in a table, letters of ASCII being the same in both cases.
func numberNamed[T string | []byte](table []numbered, s T) (number int, ok bool) {
	for i := range table {
		if name := table[i].name; len(name) == len(s) && sameLetters(name, s) {
			return table[i].number, true
		}
	}
	return 0, false
}

// sameLetters compares s with a lower-case name of the same length.
func sameLetters[T string | []byte](lower string, s T) bool {
	for i := 0; i < len(lower); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
