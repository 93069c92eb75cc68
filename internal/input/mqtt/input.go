package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"constat/internal/input"
)

// Config says to which broker to connect, and what to ask it for.
type Config struct {
	// Broker is tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH; the ports are 1883 and 8883 if none is named.
	Broker string
	// Topics are filters such as system/events/#.
	Topics []string
	// QoS is 0 or 1.
	QoS byte
	// ClientID names the session of the broker. No other client of the broker may have it.
	ClientID string
	// User and Password are asked for at each connection; nil is none.
	Login func() (user, password string, err error)
	// TLS makes the configuration for a host; it is needed for tls only.
	TLS func(host string) *tls.Config
	// Limit is how many octets of a payload are kept; 0 is [DefaultLimit].
	Limit int
	// Report, if set, is told, for people, what keeps messages from coming, once for each reason.
	Report func(error)
}

// Times of the input.
const (
	retryLeast = 500 * time.Millisecond // the first pause before another connection; it doubles
	retryMost  = 30 * time.Second
)

// Input subscribes to one broker.
type Input struct {
	config  Config
	address address
	sources sources

	connected                   atomic.Bool
	received, broken, redeliver atomic.Uint64

	mu     sync.Mutex
	closed bool               // guarded by mu
	cancel context.CancelFunc // guarded by mu; ends Run
	ended  chan struct{}      // guarded by mu; closed when Run has ended
}

var _ input.Input = (*Input)(nil)

// New prepares. It does not connect: the broker need not be there yet.
func New(c Config) (*Input, error) {
	if c.Limit <= 0 {
		c.Limit = DefaultLimit
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	in := &Input{config: c, sources: sources{broker: c.Broker}}
	var err error
	if in.address, err = parseURL(c.Broker); err != nil {
		return nil, fmt.Errorf("mqtt: %w", err)
	}
	if in.address.secure && c.TLS == nil {
		return nil, fmt.Errorf("mqtt %s: says nothing of TLS", c.Broker)
	}
	return in, nil
}

// Name implements [input.Input]: "mqtt tcp://127.0.0.1:1883".
func (in *Input) Name() string { return "mqtt " + in.config.Broker }

// Stats is what the input counts since its start.
type Stats struct {
	Connected   bool
	Received    uint64
	Broken      uint64 // payloads that are no event, kept as text
	Redelivered uint64 // flagged as duplicates by the broker
}

// Stats may be called at any time.
func (in *Input) Stats() Stats {
	return Stats{in.connected.Load(), in.received.Load(), in.broken.Load(), in.redeliver.Load()}
}

// Close implements [input.Input].
func (in *Input) Close() error {
	in.mu.Lock()
	in.closed = true
	cancel, ended := in.cancel, in.ended
	in.mu.Unlock()
	if ended != nil {
		cancel()
		<-ended
	}
	return nil
}

// begin lets Run work once, and not after Close.
func (in *Input) begin(ctx context.Context) (context.Context, func(), error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed || in.ended != nil {
		return nil, nil, fmt.Errorf("%s: %w", in.Name(), net.ErrClosed)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	in.cancel, in.ended = cancel, ended
	return ctx, func() { cancel(); close(ended) }, nil
}

// Run implements [input.Input]. It connects again and again, with pauses that double to half a minute.
func (in *Input) Run(ctx context.Context, sink input.Sink) error {
	ctx, end, err := in.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	pause, told, fresh := retryLeast, "", true
	for ctx.Err() == nil {
		began := time.Now()
		s := newSession(in, sink)
		err := s.run(ctx, &fresh)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if s.worked && told != "" || time.Since(began) > retryMost {
			pause, told = retryLeast, ""
		}
		if text := err.Error(); text != told {
			in.config.Report(fmt.Errorf("%s: %w", in.Name(), err))
			told = text
		}
		wait(ctx, pause)
		pause = min(2*pause, retryMost)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
