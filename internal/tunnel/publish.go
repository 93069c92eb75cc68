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
	only, err := s.obtain(ctx, false, func() error {
		_, err := s.request(ctx, fmt.Sprintf("localhost:%d:%s", c.Port, s.t.Socket()))
		return err
	})
	if err != nil {
		return err
	}
	if s.reach(ctx) == outside {
		c.Say(fmt.Sprintf("GatewayPorts yes on %s makes port %d public, though it was not asked to be", c.Host, c.Port))
	}
	c.Say(fmt.Sprintf("the tunnel is there: what %s sends to its own port %d is recorded here%s", c.Host, c.Port, only))
	return nil
}

// publish makes the port public, in all that the server has of IPv4 and IPv6.
func (s *session) publish(ctx context.Context) error {
	how := ""
	only, err := s.obtain(ctx, true, func() (err error) {
		how, err = s.offer(ctx)
		return err
	})
	if err != nil {
		return err
	}
	s.t.config.Say(fmt.Sprintf("the tunnel is there: what comes to port %d of %s is recorded here%s%s", s.t.config.Port, s.t.config.Host, how, only))
	return nil
}

// obtain asks for the port. A server is content with IPv4 or IPv6 alone if the port is taken in the other one, and some
// connection may have it for a moment: then it is asked again. In the end it is said what is missing.
func (s *session) obtain(ctx context.Context, public bool, ask func() error) (missing string, err error) {
	if err := s.unused(ctx); err != nil {
		return "", err
	}
	for try := 1; ; try++ {
		if err := ask(); err != nil {
			return "", err
		}
		only := onlyOf(s.listing(ctx), s.t.config.Port, public)
		if only == "" {
			return "", nil
		}
		if try == offers {
			return fmt.Sprintf(" (over %s only: in the other family the port is taken, or sshd does not serve it)", only), nil
		}
		s.t.config.Say(fmt.Sprintf("%s gives port %d over %s only: asking again in %v", s.t.config.Host, s.t.config.Port, only, offerPause))
		if err := s.withdraw(ctx); err != nil {
			return "", err
		}
	}
}

// offer asks for the port on all addresses of the server, and makes the second hop if that is not granted. It says how
// the port is public.
func (s *session) offer(ctx context.Context) (how string, err error) {
	if s.inner != "" {
		return hopped, s.startHop(ctx)
	}
	c := s.t.config
	if _, err := s.request(ctx, fmt.Sprintf("*:%d:%s", c.Port, s.t.Socket())); err != nil {
		return "", err
	}
	at := s.reach(ctx)
	if !s.alive() {
		return "", s.master.why()
	}
	switch at {
	case unknown:
		return " (perhaps only from the server itself: it does not say who listens)", nil
	case outside:
		return "", nil
	}
	c.Say(fmt.Sprintf("%s keeps the port to itself (GatewayPorts no): making a second hop, from %s to %s", c.Host, c.Host, c.Hop))
	if err := s.cancel(ctx); err != nil {
		return "", err
	}
	return hopped, s.hopOver(ctx)
}

const hopped = ", over a second hop"

// withdraw takes back what was offered, and waits a moment.
func (s *session) withdraw(ctx context.Context) error {
	if s.hop != nil {
		s.hop.end(endTime)
		s.hop = nil
	} else if err := s.cancel(ctx); err != nil {
		return err
	}
	return pause(ctx, offerPause)
}

func (s *session) cancel(ctx context.Context) error {
	_, err := s.control(ctx, "-O", "cancel", "-R", s.forward)
	s.forward = ""
	return err
}

// unused waits a moment for the port to be free: what we have left there ends by itself.
func (s *session) unused(ctx context.Context) error {
	for end := time.Now().Add(2 * endTime); s.reach(ctx) >= inside; {
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
	return reachOf(s.listing(ctx), s.t.config.Port)
}

// listing is who listens on the server, "" if it does not say.
func (s *session) listing(ctx context.Context) string {
	if s.plain {
		return ""
	}
	listing, err := s.list(ctx)
	if err != nil {
		return ""
	}
	return listing
}

// hopOver makes the second hop: to a port of the server's loopback address that sshd chooses.
func (s *session) hopOver(ctx context.Context) error {
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} { // all the same to the server, while ssh asks for each but once
		before := s.listing(ctx)
		inner, err := s.request(ctx, host+":0:"+s.t.Socket())
		if err != nil {
			return err
		}
		if inner == 0 {
			return errors.New("ssh does not say which port the server chose: a newer OpenSSH does")
		}
		if others, _ := familiesOf(before, inner, false); others == 0 {
			s.inner = fmt.Sprintf("%s:%d", loopback(s.listing(ctx), inner), inner)
			return s.startHop(ctx)
		}
	}
	return fmt.Errorf("%s chose a port of its loopback addresses that somebody has in the other family of IP, three times", s.t.config.Host)
}

// startHop lets the server forward its public port to that one.
func (s *session) startHop(ctx context.Context) (err error) {
	c := s.t.config
	command := s.t.remote(hopScript, strconv.Itoa(c.Port), s.inner, c.Hop)
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
