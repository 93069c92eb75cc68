package tunnel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Times of one connection.
const (
	answerTime = time.Minute // for what goes through a connection that is there
	endTime    = 3 * time.Second
	listPause  = 200 * time.Millisecond
	offerPause = time.Second // before the port is asked for again because only half of it was to be had
	offers     = 3
	linger     = 200 * time.Millisecond // for what is on its way when the tunnel ends
)

// session is one connection to the server.
type session struct {
	t       *Tunnel
	master  *child
	hop     *child
	plain   bool     // the server runs no commands for us
	forward string   // what was forwarded, as ssh wants it; "" if nothing was
	inner   string   // where on the server the second hop leads; "" if there is none
	beating chan any // closed to stop the signs of life
}

// open connects and forwards. The session is to be closed, also after an error.
func (t *Tunnel) open(ctx context.Context, again bool) (*session, error) {
	s := &session{t: t}
	if err := s.connect(ctx, again); err != nil {
		return s, err
	}
	if t.config.Public {
		return s, s.publish(ctx)
	}
	return s, s.reserve(ctx)
}

// connect starts the ssh that holds the connection, and waits for its keeper. Only the first one may ask the user
// something.
func (s *session) connect(ctx context.Context, again bool) error {
	s.t.config.Say("connecting to " + s.t.config.Host)
	err := s.start(again, s.t.keeperCommand())
	if err == nil {
		err = s.greet(ctx)
	}
	if err == nil || ctx.Err() != nil || s.master == nil || s.master.cmd.ProcessState == nil || s.master.cmd.ProcessState.ExitCode() == 255 {
		return err // 255: ssh itself failed
	}
	s.t.config.Say(fmt.Sprintf("%s runs no commands for us (%v): forwarding only, and what a lost connection leaves there ends when the server notices", s.t.config.Host, err))
	s.plain = true
	if err := s.start(again, ""); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.master.done:
			return s.master.why()
		case <-time.After(listPause):
		}
		if _, err := s.control(ctx, "-O", "check"); err == nil {
			return nil
		}
	}
}

func (s *session) start(again bool, command string) (err error) {
	os.Remove(s.t.control()) // of a master that was killed
	args := append([]string(nil), s.t.config.SSH...)
	args = append(args, "-T", "-M", "-S", s.t.control(), "-o", "ControlPersist=no", "-o", "ClearAllForwardings=yes",
		"-o", "RemoteCommand=none", "-o", "ForkAfterAuthentication=no", "-o", "StdinNull=no", "-o", "EscapeChar=none",
		"-o", "PermitLocalCommand=no", "-o", "ForwardX11=no", "-o", "ConnectTimeout=20", "-o", "ServerAliveCountMax=3",
		"-o", "ServerAliveInterval="+strconv.Itoa(int(s.t.config.Alive/time.Second)))
	if again {
		args = append(args, "-o", "BatchMode=yes")
	}
	if command == "" {
		args = append(args, "-N")
	}
	args = append(args, s.t.config.Host)
	if command != "" {
		args = append(args, command)
	}
	s.master, err = startChild(args)
	return err
}

// greet waits for the keeper to say who it is, and begins to send signs of life.
func (s *session) greet(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line, more := <-s.master.out:
			if !more {
				<-s.master.done
				return s.master.why()
			}
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != s.t.name {
				continue // the server's own welcome
			}
			s.t.keeper, s.t.daemon = words[1], strings.Join(words[2:], "")
			s.beating = make(chan any)
			go s.beat(s.master, s.beating)
			return nil
		}
	}
}

func (s *session) beat(master *child, stop chan any) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(s.t.config.Alive):
			if _, err := master.in.Write([]byte("\n")); err != nil {
				return
			}
		}
	}
}

// wait returns when the connection or the context ends.
func (s *session) wait(ctx context.Context) error {
	var hop chan struct{}
	if s.hop != nil {
		hop = s.hop.done
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.master.done:
		return s.master.why()
	case <-hop:
		select { // it may have ended because the connection has
		case <-s.master.done:
			return s.master.why()
		case <-time.After(linger):
		}
		return fmt.Errorf("the second hop has ended: %w", s.hop.why())
	}
}

// close ends the connection and what hangs on it. The port is closed first, and what came through it gets a moment to
// arrive.
func (s *session) close() {
	if s.beating != nil {
		close(s.beating)
	}
	if s.master == nil {
		return
	}
	if s.alive() && s.forward != "" && s.hop == nil {
		s.control(context.Background(), "-O", "cancel", "-R", s.forward)
		time.Sleep(linger)
	}
	if s.hop != nil {
		s.hop.end(endTime)
	}
	s.master.in.Close() // the keeper ends
	if s.alive() {
		s.control(context.Background(), "-O", "exit")
	}
	s.master.end(endTime)
}

func (s *session) alive() bool {
	select {
	case <-s.master.done:
		return false
	default:
		return true
	}
}

// through is an ssh that goes through the connection or fails: it must not make one of its own.
func (s *session) through(args ...string) []string {
	all := append([]string(nil), s.t.config.SSH[0], "-F", "/dev/null", "-T", "-S", s.t.control(), "-o", "ControlMaster=no",
		"-o", "ProxyCommand=false", "-o", "BatchMode=yes")
	return append(all, args...)
}

// control asks the ssh that holds the connection for something.
func (s *session) control(ctx context.Context, args ...string) (string, error) {
	return s.answer(ctx, s.through(append(args, s.t.config.Host)...))
}

// list asks the keeper who listens on the server.
func (s *session) list(ctx context.Context) (string, error) {
	if _, err := s.master.in.Write([]byte("list\n")); err != nil {
		return "", err
	}
	var out strings.Builder
	for timeout := time.After(answerTime); ; {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-timeout:
			return "", errors.New("no answer in time")
		case line, more := <-s.master.out:
			if !more {
				return "", s.master.why()
			}
			if line == s.t.name+" end" {
				return out.String(), nil
			}
			out.WriteString(line + "\n")
		}
	}
}

func (s *session) answer(ctx context.Context, args []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var errs lastWords
	c := shielded(ctx, args)
	c.Stderr, c.WaitDelay = &errs, time.Second
	out, err := c.Output()
	if text := errs.String(); err != nil && text != "" {
		err = errors.New(text)
	}
	return string(out), err
}
