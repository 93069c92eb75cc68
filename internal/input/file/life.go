package file

import (
	"context"
	"net"
	"sync"
)

// life is what Run and Close agree on: Run works once, and not after Close, which ends it.
type life struct {
	mu     sync.Mutex
	closed bool               // guarded by mu
	cancel context.CancelFunc // guarded by mu; ends Run
	ended  chan struct{}      // guarded by mu; closed when Run has ended
}

func (l *life) begin(ctx context.Context) (context.Context, func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.ended != nil {
		return nil, nil, net.ErrClosed
	}
	ctx, l.cancel = context.WithCancel(ctx)
	l.ended = make(chan struct{})
	cancel, ended := l.cancel, l.ended
	return ctx, func() { cancel(); close(ended) }, nil
}

func (l *life) close() {
	l.mu.Lock()
	l.closed = true
	cancel, ended := l.cancel, l.ended
	l.mu.Unlock()
	if ended != nil {
		cancel()
		<-ended
	}
}
