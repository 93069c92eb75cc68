package main

import (
	"context"
	"fmt"
)

// memoryCase looks at daemons that have nothing to do.
func (s *suite) memoryCase(context.Context) (benchCase, error) {
	idle := func(srv server) runner {
		return func(ctx context.Context, dir string) (one sample, err error) {
			r, err := serve(ctx, srv, dir)
			if err != nil {
				return one, err
			}
			defer r.kill()
			if err := sleep(ctx, s.idle); err != nil {
				return one, err
			}
			one.idle, one.peak = r.memory()
			return one, r.stop()
		}
	}
	return benchCase{name: "memory", title: fmt.Sprintf("memory of a daemon that was idle for %v", s.idle), once: true, contenders: []contender{
		{name: "constat", run: idle(constat{s.binary})}, s.peer("rsyslog", false, idle)}}, nil
}
