package syslog

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"constat/entry"
	"constat/internal/beep"
)

// cooked is a message of the COOKED profile (RFC 3195 §4.4), read.
type cooked struct {
	element string // iam, entry or path
	text    string // of an entry
	claims  []entry.Field
	path    string // the pathID of a path
	first   link   // of a path: that to us
}

// link is what a path says of the connection that it came over.
type link struct{ from, to, properties string }

// entryNames are the fields for the attributes of an entry.
var entryNames = map[string]string{
	"facility": "BEEP_FACILITY", "severity": "BEEP_SEVERITY", "timestamp": "BEEP_TIMESTAMP", "hostname": "BEEP_HOSTNAME", "tag": "BEEP_TAG",
	"deviceFQDN": "BEEP_DEVICE_FQDN", "deviceIP": "BEEP_DEVICE_IP", "pathID": "BEEP_PATH_ID", "xml:lang": "BEEP_LANG",
}

// parseCooked reads a message. The error is of type [*beep.Error].
func parseCooked(octets []byte) (m cooked, err error) {
	e, err := beep.ParseElement(octets)
	if err != nil {
		return m, err
	}
	m.element = e.Name
	switch e.Name {
	case "iam":
		return m, m.iam(e)
	case "entry":
		return m, m.entry(e)
	case "path":
		return m, m.readPath(e)
	}
	return m, &beep.Error{Code: beep.CodeSyntax, Text: fmt.Sprintf("unexpected element %.40s: want iam, entry or path", e.Name)}
}

func wrongAttr(element, attr, want string) error {
	return &beep.Error{Code: beep.CodeParameters, Text: fmt.Sprintf("%s attribute in <%s> element: want %s", attr, element, want)}
}

func (m *cooked) claim(name, value string) {
	m.claims = append(m.claims, entry.Field{Name: name, Value: []byte(value), Provenance: entry.Claimed})
}

// iam reads who the sender says that it is.
func (m *cooked) iam(e *beep.Element) error {
	for _, a := range []struct{ attr, field string }{{"fqdn", "BEEP_IAM_FQDN"}, {"ip", "BEEP_IAM_IP"}, {"type", "BEEP_IAM_TYPE"}} {
		value := e.Attr(a.attr)
		if value == "" {
			return wrongAttr("iam", a.attr, "a value")
		}
		m.claim(a.field, value)
	}
	switch e.Attr("type") {
	case "device", "relay", "collector":
	default:
		return wrongAttr("iam", "type", "device, relay or collector")
	}
	if text := strings.TrimSpace(e.Text); text != "" {
		m.claim("BEEP_IAM_TEXT", text)
	}
	return nil
}

// entry reads an entry. Its facility is one of RFC 3164 times 8, as in the PRI (RFC 3195 §7).
func (m *cooked) entry(e *beep.Element) error {
	facility, err := strconv.ParseUint(e.Attr("facility"), 10, 16)
	if err != nil || facility > 999 {
		return wrongAttr("entry", "facility", "a number of at most three digits")
	}
	severity := e.Attr("severity")
	if len(severity) != 1 || severity < "0" || "7" < severity {
		return wrongAttr("entry", "severity", "a number from 0 to 7")
	}
	if len(e.Children) > 0 {
		return &beep.Error{Code: beep.CodeParameters, Text: "elements in <entry> element"}
	}
	for _, a := range e.Attrs {
		name := entryNames[a.Name]
		if name == "" {
			name = "BEEP_ATTR_" + strings.ToUpper(a.Name)
		}
		if !entry.ValidName(name) {
			return wrongAttr("entry", fmt.Sprintf("%.40q", a.Name), "another name")
		}
		m.claim(name, a.Value)
	}
	m.claim("PRIORITY", severity)
	if facility%8 == 0 && facility <= 23*8 {
		m.claim("SYSLOG_FACILITY", strconv.FormatUint(facility/8, 10))
	}
	for _, a := range []struct{ attr, field string }{{"hostname", "HOSTNAME"}, {"tag", "SYSLOG_IDENTIFIER"}} {
		if value := e.Attr(a.attr); value != "" {
			m.claim(a.field, value)
		}
	}
	m.text = e.Text
	return nil
}

// readPath reads a path, which is kept as it is.
func (m *cooked) readPath(e *beep.Element) error {
	for at := e; ; at = at.Children[0] {
		for _, name := range []string{"pathID", "fromIP", "toIP"} {
			if at.Attr(name) == "" {
				return wrongAttr("path", name, "a value")
			}
		}
		if strings.Trim(at.Attr("pathID"), "0123456789") != "" {
			return wrongAttr("path", "pathID", "digits")
		}
		if len(at.Children) == 0 {
			break
		}
		if len(at.Children) > 1 || at.Children[0].Name != "path" {
			return &beep.Error{Code: beep.CodeParameters, Text: "a <path> element holds at most one other"}
		}
	}
	m.path = e.Attr("pathID")
	m.first = link{e.Attr("fromIP"), e.Attr("toIP"), e.Attr("linkprops")}
	m.claim("BEEP_PATH_ID", m.path)
	return nil
}

// check holds what a path says to the connection (RFC 3195 §4.4.3). Names are not looked up.
func (l link) check(from, to netip.Addr, encrypted, known, iam bool) error {
	if !isAddress(l.from, from) || !isAddress(l.to, to) {
		return &beep.Error{Code: beep.CodeInvalid, Text: fmt.Sprintf("fromIP and toIP are not those of the connection, %s and %s", from, to)}
	}
	for _, c := range l.properties {
		switch {
		case !strings.ContainsRune("oOUARILD", c):
			return &beep.Error{Code: beep.CodeInvalid, Text: fmt.Sprintf("linkprops includes %q", c)}
		case c == 'U' && !iam:
			return &beep.Error{Code: beep.CodeAuthentication, Text: "linkprops includes 'U' but no 'iam' received"}
		case (c == 'U' || c == 'A') && !known:
			return &beep.Error{Code: beep.CodeAuthentication, Text: fmt.Sprintf("linkprops includes %q but the sender is not authenticated", c)}
		case strings.ContainsRune("oORI", c) && !encrypted:
			return &beep.Error{Code: beep.CodeEncryption, Text: fmt.Sprintf("linkprops includes %q but the connection is not encrypted", c)}
		case c == 'o':
			return &beep.Error{Code: beep.CodeInvalid, Text: "linkprops includes 'o' but the encryption is not weak"}
		}
	}
	return nil
}

func isAddress(text string, addr netip.Addr) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Unmap() == addr.Unmap().WithZone("")
}
