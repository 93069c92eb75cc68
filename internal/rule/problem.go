package rule

import "fmt"

// Severity says how bad a problem is.
type Severity uint8

// The severities. A rule with an error is left out; a warning leaves it as it is.
const (
	Warning Severity = iota
	Error
)

// String returns the word that is printed.
func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// Problem is what is wrong, or surprising, in a file. Text says what, and the way out.
type Problem struct {
	File     string
	Line     int // from 1
	Column   int // from 1, in bytes
	Severity Severity
	Text     string
}

// Error writes the problem as FILE:LINE:COLUMN: SEVERITY: TEXT.
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.File, p.Line, p.Column, p.Severity, p.Text)
}

// Failed reports whether one of the problems is an error.
func Failed(problems []Problem) bool {
	for _, p := range problems {
		if p.Severity == Error {
			return true
		}
	}
	return false
}
