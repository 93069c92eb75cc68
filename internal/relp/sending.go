package relp

import "sync"

// sending is what has been answered of one call of Send. Answers are told in the order of the messages.
type sending struct {
	changed chan struct{} // has a value when something was told

	mu           sync.Mutex
	told         int   // guarded by mu; of messages
	acknowledged int   // guarded by mu; before the first error
	err          error // guarded by mu; the first
}

func (s *sending) tell(err error) {
	s.mu.Lock()
	s.told++
	if s.err == nil {
		s.err = err
	}
	if s.err == nil {
		s.acknowledged++
	}
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *sending) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}

// wait returns when so many messages have their answer.
func (s *sending) wait(sent int) (acknowledged int, err error) {
	for {
		s.mu.Lock()
		told, acknowledged, err := s.told, s.acknowledged, s.err
		s.mu.Unlock()
		if told >= sent {
			return acknowledged, err
		}
		<-s.changed
	}
}
