package syslog

import (
	"context"
	"net"
	"sync"
	"time"
)

// life is what Run and Close of an input agree on.
type life struct {
	release func() error // gives the socket back; called once

	mu     sync.Mutex
	closed bool               // guarded by mu
	cancel context.CancelFunc // guarded by mu; ends Run
	ended  chan struct{}      // guarded by mu; closed when Run has given the socket back
	once   sync.Once
	err    error // of release; set by once
}

// begin is called by Run. It returns the context to run in, and what to defer. Run works once, and not after Close.
func (l *life) begin(ctx context.Context) (context.Context, func(), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.ended != nil {
		return nil, nil, net.ErrClosed
	}
	ctx, l.cancel = context.WithCancel(ctx)
	l.ended = make(chan struct{})
	return ctx, l.end, nil
}

func (l *life) end() {
	l.cancel()
	l.giveBack()
	close(l.ended)
}

// close ends Run, waits for it, and gives the socket back.
func (l *life) close() error {
	l.mu.Lock()
	l.closed = true
	cancel, ended := l.cancel, l.ended
	l.mu.Unlock()
	if ended != nil {
		cancel()
		<-ended
	}
	return l.giveBack()
}

func (l *life) giveBack() error {
	l.once.Do(func() { l.err = l.release() })
	return l.err
}

// past is a deadline that wakes whoever waits.
func past() time.Time { return time.Unix(1, 0) }
