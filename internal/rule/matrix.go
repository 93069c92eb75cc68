package rule

import "constat/entry"

// The size of a matrix. NoFacility is the row of entries that say none, or one above 23; only "*" selects it.
const (
	Facilities = 24
	Levels     = 8
	NoFacility = Facilities
)

// Matrix says which entries a rule selects by facility and level: bit l of m[f] is facility f, level l.
type Matrix [Facilities + 1]uint8

// Has reports whether the matrix selects a facility (0…23, or [NoFacility]) at a level 0 (emerg) to 7 (debug).
func (m *Matrix) Has(facility, level int) bool { return m[facility]>>level&1 != 0 }

// Empty reports whether the matrix selects nothing.
func (m *Matrix) Empty() bool { return *m == Matrix{} }

// minus is what m selects and other does not.
func (m Matrix) minus(other *Matrix) Matrix {
	for f := range m {
		m[f] &^= other[f]
	}
	return m
}

// and is what both select; nil selects everything.
func (m Matrix) and(other *Matrix) Matrix {
	for f := range m {
		if other != nil {
			m[f] &= other[f]
		}
	}
	return m
}

// Everything is the matrix of *.*.
func Everything() (m Matrix) {
	for f := range m {
		m[f] = allLevels
	}
	return m
}

const allLevels = 0xff

// facilityName is the name of a row.
func facilityName(f int) string {
	if f == NoFacility {
		return "none"
	}
	return entry.FacilityName(f)
}
