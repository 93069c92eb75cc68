package relp

import (
	"errors"
	"sync"
)

// sending is what has been answered of one call of Send. Answers are told in the order of the messages.
type sending struct {
	changed chan struct{} // has a value when something was told

	mu           sync.Mutex
	told         int   // guarded by mu; of messages
	acknowledged int   // guarded by mu; before the first error
	others       int   // guarded by mu; acknowledged behind it
	err          error // guarded by mu; the first
}

func (s *sending) tell(err error) {
	s.mu.Lock()
	s.told++
	switch {
	case s.err == nil && err == nil:
		s.acknowledged++
	case s.err == nil:
		s.err = err
	case err == nil:
		s.others++
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
		told, acknowledged, others, err := s.told, s.acknowledged, s.others, s.err
		s.mu.Unlock()
		if told >= sent {
			if refused := (*RefusedError)(nil); errors.As(err, &refused) {
				refused.Others = others
			}
			return acknowledged, err
		}
		<-s.changed
	}
}
