package tunnel

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// reserve asks for the port on the server's loopback address.
func (s *session) reserve(ctx context.Context) error {
	c := s.t.config
	if _, err := s.request(ctx, fmt.Sprintf("localhost:%d:%s", c.Port, s.t.Socket())); err != nil {
		return err
	}
	if s.reach(ctx) == outside {
		c.Say(fmt.Sprintf("GatewayPorts yes on %s makes port %d public, though it was not asked to be", c.Host, c.Port))
	}
	c.Say(fmt.Sprintf("the tunnel is there: what %s sends to its own port %d is recorded here", c.Host, c.Port))
	return nil
}

// publish asks for the port on all addresses of the server, and makes the second hop if that is not granted.
func (s *session) publish(ctx context.Context) error {
	c := s.t.config
	if err := s.unused(ctx); err != nil {
		return err
	}
	if _, err := s.request(ctx, fmt.Sprintf("*:%d:%s", c.Port, s.t.Socket())); err != nil {
		return err
	}
	how, at := "", s.reach(ctx)
	if !s.alive() {
		return s.master.why()
	}
	switch at {
	case unknown:
		how = " (perhaps only from the server itself: it does not say who listens)"
	case inside, nowhere:
		c.Say(fmt.Sprintf("%s keeps the port to itself (GatewayPorts no): making a second hop, from %s to %s", c.Host, c.Host, c.Hop))
		if _, err := s.control(ctx, "-O", "cancel", "-R", s.forward); err != nil {
			return err
		}
		s.forward = ""
		if err := s.hopOver(ctx); err != nil {
			return err
		}
		how = ", over a second hop"
	}
	c.Say(fmt.Sprintf("the tunnel is there: what comes to port %d of %s is recorded here%s", c.Port, c.Host, how))
	return nil
}

// unused waits a moment for the port to be free: what we have left there ends by itself.
func (s *session) unused(ctx context.Context) error {
	for end := time.Now().Add(2 * endTime); s.reach(ctx) == outside; {
		if time.Now().After(end) {
			return fmt.Errorf("somebody listens on port %d of %s already; choose another port", s.t.config.Port, s.t.config.Host)
		}
		if err := pause(ctx, listPause); err != nil {
			return err
		}
	}
	return nil
}

// request asks the server for a forwarding; it returns the port if the server was to choose one.
func (s *session) request(ctx context.Context, forward string) (port int, err error) {
	out, err := s.control(ctx, "-O", "forward", "-R", forward)
	if err != nil {
		return 0, fmt.Errorf("port %d on %s: %w; somebody listens there, or the server forbids forwarding (AllowTcpForwarding): choose another port, or ask its administrator",
			s.t.config.Port, s.t.config.Host, err)
	}
	s.forward = forward
	port, _ = strconv.Atoi(strings.TrimSpace(out))
	return port, nil
}

// reach looks from where the port can be reached.
func (s *session) reach(ctx context.Context) reach {
	if s.plain {
		return unknown
	}
	listing, err := s.list(ctx)
	if err != nil {
		return unknown
	}
	return reachOf(listing, s.t.config.Port)
}

// hopOver makes the second hop: to a port of the server's loopback address that sshd chooses.
func (s *session) hopOver(ctx context.Context) error {
	c := s.t.config
	inner, err := s.request(ctx, "localhost:0:"+s.t.Socket())
	if err != nil {
		return err
	}
	if inner == 0 {
		return errors.New("ssh does not say which port the server chose: a newer OpenSSH does")
	}
	command := s.t.remote(hopScript, strconv.Itoa(c.Port), strconv.Itoa(inner), c.Hop)
	if s.hop, err = startChild(s.through(c.Host, command)); err != nil {
		return err
	}
	for end := time.Now().Add(answerTime); s.reach(ctx) != outside; {
		select {
		case <-s.hop.done:
			return fmt.Errorf("the second hop, from %s to %s: %w; set GatewayPorts clientspecified in its sshd_config, or let its user log in to %s by key",
				c.Host, c.Hop, s.hop.why(), c.Hop)
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("the second hop, from %s to %s, does not listen on port %d in time", c.Host, c.Hop, c.Port)
		}
		if err := pause(ctx, listPause); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
