package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"constat/internal/input"
)

// Why messages are not kept, as it stands in loss entries. The last two are counted as one message, since nobody knows
// how many there were.
const (
	reasonFull    = "queue full"
	reasonStopped = "stopped"
	reasonAway    = "not connected, perhaps messages"
	reasonSession = "broker lost its session, perhaps with messages"
)

// times of the client library.
const (
	keepAlive   = 30 * time.Second
	farewell    = 250 // milliseconds for saying good-bye
	failedTopic = 0x80
)

// session is one connection to the broker.
type session struct {
	in     *Input
	sink   input.Sink
	inbox  *inbox
	lost   chan error  // has the reason when it ends
	worked bool        // it was subscribed
	loose  atomic.Bool // something came that nobody acknowledges

	mu      sync.Mutex
	changed *sync.Cond     // of mu
	acks    []paho.Message // guarded by mu; durable, and not acknowledged yet
	under   int            // guarded by mu; chunks on their way to the disk
	ended   bool           // guarded by mu; nothing more is acknowledged
}

func newSession(in *Input, sink input.Sink) *session {
	s := &session{in: in, sink: sink, inbox: newInbox(), lost: make(chan error, 1)}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// run connects, takes messages until the context ends, which is no error, or the connection does, and returns when
// all of them are handed over. fresh is that there was no connection before.
func (s *session) run(ctx context.Context, fresh *bool) error {
	client, err := s.client(ctx)
	if err != nil {
		return err
	}
	var work, acks sync.WaitGroup
	work.Go(func() { s.pump(ctx) })
	acks.Go(s.acknowledge)
	err = s.subscribe(ctx, client, fresh)
	if err == nil {
		s.in.connected.Store(true)
		select {
		case <-ctx.Done():
		case err = <-s.lost:
		}
		s.in.connected.Store(false)
	}
	s.inbox.end()
	work.Wait()
	s.settled(err == nil)
	acks.Wait()
	client.Disconnect(farewell)
	if err != nil && s.worked && (s.in.config.QoS == 0 || s.loose.Load()) {
		s.sink.Lose(s.in.Name(), reasonAway, 1, 0)
	}
	return err
}

// client makes a client of the library for this connection only.
func (s *session) client(ctx context.Context) (paho.Client, error) {
	c := s.in.config
	o := paho.NewClientOptions().SetClientID(c.ClientID).SetCleanSession(c.QoS == 0).SetProtocolVersion(4).
		SetAutoReconnect(false).SetConnectRetry(false).SetOrderMatters(true).SetAutoAckDisabled(true).
		SetKeepAlive(keepAlive).SetPingTimeout(connectTime).SetConnectTimeout(connectTime).SetWriteTimeout(connectTime).
		SetConnectionLostHandler(func(_ paho.Client, err error) { s.fail(err) }).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { s.receive(m) }).
		SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) {
			conn, err := s.in.dial(ctx)
			if err != nil {
				return nil, err
			}
			return &guard{Conn: conn}, nil
		})
	o.AddBroker("tcp://broker") // the library dials nothing by itself, but wants one
	if c.Login != nil {
		user, password, err := c.Login()
		if err != nil {
			return nil, err
		}
		o.SetUsername(user).SetPassword(password)
	}
	return paho.NewClient(o), nil
}

// subscribe greets the broker and names the topics.
func (s *session) subscribe(ctx context.Context, client paho.Client, fresh *bool) error {
	greeting := client.Connect()
	if err := await(ctx, greeting); err != nil {
		return err
	}
	resumed := greeting.(*paho.ConnectToken).SessionPresent()
	if !resumed && !*fresh && s.in.config.QoS > 0 {
		s.sink.Lose(s.in.Name(), reasonSession, 1, 0)
	}
	if resumed && !*fresh {
		s.worked = true
		return nil
	}
	filters := map[string]byte{}
	for _, topic := range s.in.config.Topics {
		filters[topic] = s.in.config.QoS
	}
	asked := client.SubscribeMultiple(filters, nil)
	if err := await(ctx, asked); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	for topic, granted := range asked.(*paho.SubscribeToken).Result() {
		if granted == failedTopic {
			return fmt.Errorf("subscribe: the broker refuses the topic %s", topic)
		}
	}
	*fresh, s.worked = false, true
	return nil
}

// await waits for an answer of the broker.
func await(ctx context.Context, t paho.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * connectTime):
		return errors.New("the broker does not answer")
	}
}

// fail ends the session. Only the first reason counts.
func (s *session) fail(err error) {
	select {
	case s.lost <- err:
	default:
	}
}

// receive is called by the library, for one message after the other.
func (s *session) receive(m paho.Message) {
	s.in.received.Add(1)
	if m.Qos() == 0 {
		s.loose.Store(true)
	}
	if !s.inbox.put(m) {
		s.sink.Lose(s.in.Name(), reasonFull, 1, uint64(len(m.Payload())))
	}
}
