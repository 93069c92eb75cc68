package seal

import "time"

// against compares a seal with the one before: R3 and R4.
func (a *Audit) against(s *Seal, at Point) {
	if at.Epoch < a.at.Epoch {
		a.found(RuleTime, at, s.Counter, "seal %d: epoch %d follows epoch %d", s.Counter, at.Epoch, a.at.Epoch)
	}
	if s.Wall < a.last.Wall-ClockTolerance && at.Epoch == a.at.Epoch {
		a.found(RuleTime, at, s.Counter, "seal %d: made at %s, before seal %d at %s, and no step of the clock was logged",
			s.Counter, clockText(s.Wall), a.last.Counter, clockText(a.last.Wall))
	}
	if s.Boot == a.last.Boot {
		a.sameBoot(s, at)
	} else if s.Reason != Boot {
		a.found(RuleDuty, at, s.Counter, "seal %d: the machine was started again, but the seal is of reason %s, not boot", s.Counter, s.Reason)
	}
	a.duty(s, at)
}

// sameBoot compares both clocks while the machine ran.
func (a *Audit) sameBoot(s *Seal, at Point) {
	ran := s.Boottime - a.last.Boottime
	if ran < 0 {
		a.found(RuleTime, at, s.Counter, "seal %d: made %s before seal %d of the same boot", s.Counter, spanText(-ran), a.last.Counter)
		return
	}
	passed := s.Wall - a.last.Wall
	if apart(passed, ran) > ClockTolerance+ran/driftShare && at.Epoch == a.at.Epoch {
		a.found(RuleTime, at, s.Counter, "seal %d: the wall clock went on by %s while %s passed, and no step of the clock was logged",
			s.Counter, spanText(passed), spanText(ran))
	}
}

// duty is R4.
func (a *Audit) duty(s *Seal, at Point) {
	switch was := a.last.Reason; {
	case s.Reason == Boot:
		if was != Stop {
			a.silence(s, false)
		}
	case was == Stop:
		a.found(RuleDuty, at, s.Counter, "seal %d: of reason %s, follows a stop seal; only a boot seal does", s.Counter, s.Reason)
	case s.Reason == Resume:
		if was != Suspend {
			a.silence(s, true)
		}
	case was == Suspend && s.Boottime-a.last.Boottime > DutyTolerance:
		a.found(RuleDuty, at, s.Counter, "seal %d: of reason %s, follows a suspend seal after %s; want resume",
			s.Counter, s.Reason, spanText(s.Boottime-a.last.Boottime))
	case Overdue(&a.terms, a.last.Boottime, s.Boottime):
		a.found(RuleDuty, at, s.Counter, "seal %d: %s after the one before, which is more than the heartbeat of %d s, and no stop or suspend seal says why",
			s.Counter, spanText(s.Boottime-a.last.Boottime), a.terms.Heartbeat)
	}
}

// Overdue says whether a seal at that time since boot, µs, comes so long after the last one that it breaks R4, unless
// it is of reason boot or resume. Who finds himself late, because the process did not run, makes a resume seal.
func Overdue(terms *Certificate, last, now int64) bool {
	return now-last > int64(terms.Heartbeat)*1e6+DutyTolerance
}

func (a *Audit) silence(s *Seal, slept bool) {
	a.Silences = append(a.Silences, Silence{After: a.last.Counter, Before: s.Counter, From: a.last.Wall, To: s.Wall, Slept: slept})
}

// apart is the distance of two times, the longest there is if they are further apart.
func apart(x, y int64) int64 {
	if x < y {
		x, y = y, x
	}
	return int64(min(uint64(x)-uint64(y), 1<<63-1))
}

func clockText(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.RFC3339) }

func spanText(micros int64) string {
	const most = 1<<63/1000 - 1
	return (time.Duration(max(-most, min(most, micros))) * time.Microsecond).Round(time.Second).String()
}
