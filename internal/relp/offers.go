package relp

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// version is what both sides of this package speak.
const version = 0

// offers are what one side says of itself when a session begins: NAME=VALUE[,VALUE…], one a line.
type offers struct {
	version  int
	software string
	commands []string
}

// append appends the offers as lines.
func (o offers) append(b []byte) []byte {
	b = fmt.Appendf(b, "relp_version=%d\n", o.version)
	if o.software != "" {
		b = fmt.Appendf(b, "relp_software=%s\n", o.software)
	}
	return fmt.Appendf(b, "commands=%s\n", strings.Join(o.commands, ","))
}

// parseOffers reads lines. Names that are not known are passed over, and so are empty lines: some begin with one.
func parseOffers(data []byte) (o offers, err error) {
	o.version = -1
	for line := range bytes.Lines(data) {
		name, value, found := strings.Cut(string(bytes.TrimRight(line, "\r\n")), "=")
		switch {
		case name == "" && !found:
		case !found:
			return o, fmt.Errorf("%w: the offer %.40q has no value", ErrProtocol, name)
		case name == "relp_version":
			if o.version, err = strconv.Atoi(value); err != nil || o.version < 0 {
				return o, fmt.Errorf("%w: the version %.40q is no number", ErrProtocol, value)
			}
		case name == "relp_software":
			o.software = value
		case name == "commands":
			o.commands = strings.Split(value, ",")
		}
	}
	if o.version < 0 {
		return o, fmt.Errorf("%w: no relp_version is offered", ErrProtocol)
	}
	return o, nil
}
