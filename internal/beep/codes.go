package beep

import "fmt"

// Codes of errors (RFC 3080 §8, RFC 3195 §8).
const (
	CodeOK             = 200
	CodeUnavailable    = 421 // service not available
	CodeNotTaken       = 450 // lock already in use
	CodeAborted        = 451 // local error in processing
	CodeSyntax         = 500 // poorly-formed XML
	CodeParameters     = 501 // XML that is not valid
	CodeNotImplemented = 504 // parameter not implemented
	CodeAuthentication = 530 // authentication required
	CodeUnprivileged   = 537 // action not authorised for the user
	CodeEncryption     = 538 // encryption required
	CodeRefused        = 550 // no profile is acceptable, still working
	CodeInvalid        = 553 // parameter invalid
	CodeFailed         = 554 // policy violation
)

// Error is an answer that something was not done.
type Error struct {
	Code int
	Text string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Text) }

// Element is the error in XML.
func (e *Error) Element() string {
	return fmt.Sprintf("<error code='%d'>%s</error>", e.Code, escape(e.Text))
}

// OK is the answer that something was done.
const OK = "<ok />"
