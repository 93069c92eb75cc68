package evidence

import "constat/seal"

// witnessPolicy judges by a policy on witnesses.
type witnessPolicy struct{ policy *seal.Policy }

// ParsePolicy reads a policy on witnesses (c2sp.org/tlog-policy).
func ParsePolicy(data []byte) (Policy, error) {
	p, err := seal.ParsePolicy(data)
	if err != nil {
		return nil, err
	}
	return witnessPolicy{p}, nil
}

// Judge implements [Policy].
func (p witnessPolicy) Judge(signed []byte) (Standing, error) {
	s, err := p.policy.Evaluate(signed)
	if err != nil {
		return Standing{}, err
	}
	out := Standing{Satisfied: s.Satisfied, NotAfter: s.NotAfter}
	for _, w := range s.Witnesses {
		out.Names = append(out.Names, w.Name)
	}
	return out, nil
}
