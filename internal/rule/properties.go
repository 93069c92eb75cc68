package rule

import (
	"bytes"
	"strconv"
	"strings"

	"constat/entry"
)

// The properties that are compared, as rsyslog calls them.
const (
	propMessage      = "msg"
	propProgram      = "programname"
	propHost         = "hostname"
	propAddress      = "fromhost-ip"
	propTag          = "syslogtag"
	propPID          = "procid"
	propID           = "msgid"
	propFacility     = "syslogfacility"
	propFacilityText = "syslogfacility-text"
	propLevel        = "syslogseverity"
	propLevelText    = "syslogseverity-text"
	propRaw          = "rawmsg"
	propRawText      = "rawmsg-after-pri"
)

// propertyNames are the names of rsyslog and FreeBSD.
var propertyNames = map[string]string{
	propMessage: propMessage, propProgram: propProgram, "app-name": propProgram, propHost: propHost, "source": propHost,
	propAddress: propAddress, propTag: propTag, propPID: propPID, propID: propID,
	propFacility: propFacility, propFacilityText: propFacilityText,
	propRaw: propRaw, propRawText: propRawText, propLevel: propLevel, "syslogpriority": propLevel, propLevelText: propLevelText, "syslogpriority-text": propLevelText,
}

// propertyList names them in messages.
const propertyList = "msg, programname, hostname, fromhost-ip, syslogtag, procid, msgid, syslogfacility, syslogfacility-text, syslogseverity, syslogseverity-text, rawmsg and rawmsg-after-pri"

// addressField holds the address of a sender in the network. rsyslog gives messages of this machine that of the loopback.
const (
	addressField = "_SOURCE_ADDR"
	ownAddress   = "127.0.0.1"
)

// of is the value of the property.
func (p *Property) of(f *Facts) []byte {
	switch p.Name {
	case propProgram:
		return p.program(f)
	case propHost:
		return f.Host
	case propTag:
		if p.Op == opEqual {
			return bytes.TrimSuffix(tagOf(f), []byte(":"))
		}
		return tagOf(f)
	case propFacility:
		return number(f.Facility)
	case propFacilityText:
		return []byte(facilityText(f.Facility))
	case propLevel:
		return number(f.Level)
	case propLevelText:
		return []byte(entry.LevelName(f.Level))
	case propAddress:
		if address := f.field(addressField); len(address) > 0 {
			return address
		}
		return []byte(ownAddress)
	case propPID:
		return f.pid()
	case propID:
		return f.field("SYSLOG_MSGID")
	case propRaw:
		return f.raw()
	case propRawText:
		raw := f.raw()
		if end := bytes.IndexByte(raw, '>'); end > 0 && end < len("<191>") && raw[0] == '<' {
			return raw[end+1:]
		}
		return raw
	}
	return f.Message
}

// facilityText is the name that rsyslog has for a facility: of two another one than selectors know.
func facilityText(facility int) string {
	switch facility {
	case 14:
		return "alert"
	case 15:
		return "clock"
	case NoFacility:
		return "invld"
	}
	return entry.FacilityName(facility)
}

// program is the name of the program, to rsyslog up to a slash: "postfix" of "postfix/smtpd".
func (p *Property) program(f *Facts) []byte {
	if slash := bytes.IndexByte(f.Program, '/'); slash > 0 && !p.whole {
		return f.Program[:slash]
	}
	return f.Program
}

// tagOf writes PROGRAM[PID]: as rsyslog's syslogtag; the first word of a message without a program.
func tagOf(f *Facts) []byte {
	if len(f.Program) == 0 {
		word, _, _ := bytes.Cut(f.Message, []byte(" "))
		return word
	}
	tag := bytes.Clone(f.Program)
	if pid := f.pid(); len(pid) > 0 {
		tag = append(append(append(tag, '['), pid...), ']')
	}
	return append(tag, ':')
}

// bareTag leaves the colon behind a tag out, which RFC 5424 does not have.
func (p *Property) bareTag(value string) string {
	if p.Name == propTag && p.Op == opEqual {
		return strings.TrimSuffix(value, ":")
	}
	return value
}

func number(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

// field is a field of the entry, nil if it has none.
func (f *Facts) field(name string) []byte {
	if f.Entry == nil {
		return nil
	}
	value, _ := f.Entry.Get(name)
	return value
}

// raw is what was received; of an entry that did not come as octets, its message.
func (f *Facts) raw() []byte {
	if f.Entry != nil {
		if raw, ok, err := entry.AppendReceived(nil, f.Entry); ok && err == nil {
			return raw
		}
	}
	return f.Message
}

func (f *Facts) pid() []byte {
	if f.Entry == nil {
		return nil
	}
	pid, _ := f.Entry.PID()
	return pid
}
