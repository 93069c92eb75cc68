package parse

// zoneNames are the names of zones that mean one offset to everybody, those of RFC 5322, section 4.3, included. BST,
// IST and the like are missing: they mean several.
var zoneNames = [...]struct {
	name   string
	offset []byte
}{
	{"UTC", []byte("Z")}, {"GMT", []byte("Z")}, {"Z", []byte("Z")}, {"WET", []byte("+00:00")}, {"WEST", []byte("+01:00")},
	{"CET", []byte("+01:00")}, {"CEST", []byte("+02:00")}, {"MET", []byte("+01:00")}, {"MEST", []byte("+02:00")},
	{"EET", []byte("+02:00")}, {"EEST", []byte("+03:00")}, {"MSK", []byte("+03:00")},
	{"EST", []byte("-05:00")}, {"EDT", []byte("-04:00")}, {"CST", []byte("-06:00")}, {"CDT", []byte("-05:00")},
	{"MST", []byte("-07:00")}, {"MDT", []byte("-06:00")}, {"PST", []byte("-08:00")}, {"PDT", []byte("-07:00")},
	{"AKST", []byte("-09:00")}, {"AKDT", []byte("-08:00")}, {"HST", []byte("-10:00")},
	{"JST", []byte("+09:00")}, {"KST", []byte("+09:00")}, {"HKT", []byte("+08:00")}, {"SGT", []byte("+08:00")},
	{"AWST", []byte("+08:00")}, {"ACST", []byte("+09:30")}, {"ACDT", []byte("+10:30")}, {"AEST", []byte("+10:00")},
	{"AEDT", []byte("+11:00")}, {"NZST", []byte("+12:00")}, {"NZDT", []byte("+13:00")}, {"SAST", []byte("+02:00")},
	{"EAT", []byte("+03:00")},
}

// zoneNamed returns the offset that the name of a zone means, nil if it is not known.
func zoneNamed(name []byte) []byte {
	for i := range zoneNames {
		if zoneNames[i].name == string(name) {
			return zoneNames[i].offset
		}
	}
	return nil
}
