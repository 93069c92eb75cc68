package evidence

import "errors"

// ErrPolicy says that a policy cannot be read.
var ErrPolicy = errors.New("policies on witnesses are not known to this build")

// ParsePolicy reads a policy on witnesses (c2sp.org/tlog-policy).
func ParsePolicy([]byte) (Policy, error) { return nil, ErrPolicy }
