package cli

import (
	"errors"
	"fmt"
	"time"

	"constat/journal"
	"constat/seal"
)

// sealStatus is what "status -o json" says of the newest seal; the names are a contract.
type sealStatus struct {
	Counter    uint64 `json:"counter"`
	Generation uint32 `json:"generation"`
	Reason     string `json:"reason"`
	Time       string `json:"time"` // UTC, RFC 3339
	Age        int64  `json:"age"`  // seconds
	Index      uint64 `json:"index"`
	Late       bool   `json:"late"` // more than the promised heartbeat ago, though a process has promised to seal
}

// stationStatus is the station of which a store is one boot; the names are a contract.
type stationStatus struct {
	Name string `json:"name"`
	Code string `json:"code"` // of all its boots
	Boot string `json:"boot"`
}

// sealsOf fills in what the store says of seals.
func (a *app) sealsOf(s *storeStatus, r *journal.Reader, views []*journal.View) error {
	c := r.Certificate()
	state, err := r.Seals(views)
	if err != nil {
		return err
	}
	s.Words, s.Unsealed = wordsOf(c.Code()), state.Unsealed
	if g := state.Generation; g != nil {
		s.Generation, s.ByIdentity = g.Number, g.ByIdentity
	}
	if l := state.Last; l != nil {
		age := time.Since(time.UnixMicro(l.Wall))
		s.Seal = &sealStatus{Counter: l.Counter, Generation: l.Generation, Reason: l.Reason.String(), Index: state.Index,
			Time: time.UnixMicro(l.Wall).UTC().Format(time.RFC3339), Age: int64(age / time.Second),
			Late: l.Reason != seal.Stop && l.Reason != seal.Suspend && age > time.Duration(c.Heartbeat)*time.Second+time.Minute}
	}
	s.Operator, err = operatorOf(r.Dir(), c)
	of, found, stationErr := stationOf(r.Dir(), c)
	if found {
		boot, _ := of.BootOf(c.Origin)
		s.Station = &stationStatus{Name: of.Name, Code: of.Code().String(), Boot: boot.String()}
	}
	return errors.Join(err, stationErr)
}

// printSeals prints what people want to know of seals.
func (a *app) printSeals(s storeStatus) {
	if s.Station != nil {
		fmt.Fprintf(a.out, "station %s, code of all its boots %s\n", printable(s.Station.Name), s.Station.Code)
	}
	if s.Operator != "" {
		fmt.Fprintf(a.out, "operator %s\n", printable(s.Operator))
	}
	switch l := s.Seal; {
	case l == nil:
		fmt.Fprintf(a.out, "seal    none yet; %d entries unsealed: 'constat serve' seals\n", s.Unsealed)
	default:
		late := ""
		if l.Late {
			late = "; late: nothing seals this store now"
		}
		fmt.Fprintf(a.out, "seal    %d of %s, %v ago (%s, generation %d%s); %d entries unsealed\n", l.Counter, l.Time,
			time.Duration(l.Age)*time.Second, l.Reason, l.Generation, late, s.Unsealed)
	}
	if s.ByIdentity {
		fmt.Fprintf(a.out, "        generation %d is endorsed by the identity alone: the seed before it was lost\n", s.Generation)
	}
}
