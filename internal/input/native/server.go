package native

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"constat/entry"

	"golang.org/x/sys/unix"
)

// Backend is what requests ask for. All methods may be called concurrently.
type Backend interface {
	// Commit must append the entries and return when they are durable and signed. On an error the first kept of them
	// are in the journal.
	Commit(ctx context.Context, journal string, entries []entry.Entry) (kept int, err error)
	// Import must read a stream into a journal and return when everything is durable and signed, with the number of
	// entries kept, also on an error, and of those that were too long.
	Import(ctx context.Context, journal, format string, r io.Reader) (kept, cut uint64, err error)
	// Rotate must end the heads of all journals and return when they are segments.
	Rotate(ctx context.Context) error
	// Seal must return when everything appended before is sealed. reason may be [Suspend], or [Resume], after which a
	// seal follows soon.
	Seal(ctx context.Context, reason string) error
	// Exported must append an entry of kind control to the journal system and then do as Seal. The fields of the entry are
	// what a client claims of evidence that it exports, and what is known of the client.
	Exported(ctx context.Context, e *entry.Entry) error
	// Vacuum must remove what retention does not keep, of one journal or of all, and say how much that is, also on an
	// error.
	Vacuum(ctx context.Context, journal string, v Vacuum) (Answer, error)
	// Erase must remove private values for good, and log by whom and why. by is what is known of who asks.
	Erase(ctx context.Context, x Erase, by string) (Answer, error)
}

// Describe returns the observed fields of a process of this machine.
type Describe func(pid, uid, gid int) []entry.Field

// Server listens on a Unix socket.
type Server struct {
	listener *net.UnixListener
	backend  Backend
	describe Describe
	wait     sync.WaitGroup

	mu    sync.Mutex
	users map[uint32]int // guarded by mu; connections by user
}

// What clients may take of the daemon.
const (
	maxConnections = 128              // of one user
	requestTimeout = 10 * time.Second // for the first line
	acceptPause    = 50 * time.Millisecond
)

// Listen binds the socket. Others than the owner may log through it: mode 0666.
func Listen(socket string, b Backend, d Describe) (*Server, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(true)
	if err := os.Chmod(socket, 0o666); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &Server{listener: l, backend: b, describe: d, users: map[uint32]int{}}, nil
}

// Serve answers requests until the context ends, and then waits for those that have begun.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	defer stop()
	defer s.wait.Wait()
	for {
		conn, err := s.listener.AcceptUnix()
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accept on %s: %w", s.listener.Addr(), err)
		}
		if err != nil { // no file descriptor or no memory left: it may get better
			time.Sleep(acceptPause)
			continue
		}
		s.wait.Go(func() { s.answer(ctx, conn) })
	}
}

// Close releases the socket.
func (s *Server) Close() error { return s.listener.Close() }

// session is one connection.
type session struct {
	*Server
	ctx     context.Context // of what has begun: it does not end with the server
	r       *bufio.Reader
	cred    *unix.Ucred
	fields  []entry.Field
	private []string // names of the fields that are private

	records bool // the client speaks of clients of its own
	decoder entry.Decoder
}

func (s *Server) answer(ctx context.Context, conn *net.UnixConn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.CloseRead() })
	defer stop()
	a, err := s.serve(ctx, conn)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("the daemon ends: %w", err)
	}
	if err != nil {
		a.Error = err.Error()
	}
	_ = writeLine(conn, a) // whoever has gone does not want to know
}

func (s *Server) serve(ctx context.Context, conn *net.UnixConn) (a Answer, err error) {
	c := session{Server: s, ctx: context.WithoutCancel(ctx), r: bufio.NewReaderSize(conn, readAtOnce)}
	if c.cred, err = peer(conn); err != nil {
		return a, err
	}
	if !s.enter(c.cred.Uid) {
		a.Busy = true
		return a, fmt.Errorf("user %d has %d requests under way, which is the limit", c.cred.Uid, maxConnections)
	}
	defer s.leave(c.cred.Uid)
	conn.SetReadDeadline(time.Now().Add(requestTimeout))
	request, err := c.request()
	if err != nil {
		return a, err
	}
	conn.SetReadDeadline(time.Time{})
	switch request.Op {
	case "log", "record":
		c.records = request.Op == "record"
		return c.log(request)
	case "import":
		a.Entries, a.Cut, err = s.backend.Import(c.ctx, request.Journal, request.Format, &blockReader{r: c.r})
		return a, err
	case "rotate":
		return a, s.backend.Rotate(c.ctx)
	case "seal":
		return a, s.backend.Seal(c.ctx, request.Reason)
	case "exported":
		return a, c.exported()
	case "vacuum":
		var v Vacuum
		if request.Vacuum != nil {
			v = *request.Vacuum
		}
		return s.backend.Vacuum(c.ctx, request.Journal, v)
	case "erase":
		return c.erase()
	}
	return a, fmt.Errorf("%w: unknown op %q", ErrProtocol, request.Op)
}

// request reads what the client wants, if it may.
func (c *session) request() (r Request, err error) {
	line, err := readLine(c.r)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return r, c.allowed(r)
}

// enter counts a connection of a user, unless there are too many.
func (s *Server) enter(uid uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[uid] >= maxConnections {
		return false
	}
	s.users[uid]++
	return true
}

func (s *Server) leave(uid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[uid]--; s.users[uid] == 0 {
		delete(s.users, uid)
	}
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		b, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		if b == '\n' {
			return line, nil
		}
		if line = append(line, b); len(line) > MaxLine {
			return nil, fmt.Errorf("%w: first line longer than %d bytes", ErrProtocol, MaxLine)
		}
	}
}

// allowed reports why a client may not do what it asks for.
func (c *session) allowed(r Request) error {
	if c.trusted() {
		return nil
	}
	uid := int(c.cred.Uid)
	if (r.Op == "log" || r.Op == "record") && slices.Contains([]string{"system", "audit", "user-" + strconv.Itoa(uid)}, r.Journal) {
		return nil
	}
	return fmt.Errorf("user %d may only log, to the journals system, audit and user-%d", uid, uid)
}

// maxErase bounds an erasure as it is sent, in bytes: some millions of entries.
const maxErase = 64 << 20

// erase reads what is to be erased, and has it done.
func (c *session) erase() (Answer, error) {
	var x Erase
	d := json.NewDecoder(io.LimitReader(&blockReader{r: c.r}, maxErase))
	if err := d.Decode(&x); err != nil {
		return Answer{}, fmt.Errorf("%w: erase: %w", ErrProtocol, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) { // also the end of the request
		return Answer{}, fmt.Errorf("%w: erase: more than one object, or cut short", ErrProtocol)
	}
	return c.backend.Erase(c.ctx, x, fmt.Sprintf("uid %d, pid %d", c.cred.Uid, c.cred.Pid))
}

// batchSize and batchOctets are how much is appended at once.
const (
	batchSize   = 1024
	batchOctets = 1 << 20
)

func (c *session) log(r Request) (a Answer, err error) {
	c.private = r.Private
	c.fields = c.describe(int(c.cred.Pid), int(c.cred.Uid), int(c.cred.Gid))
	for last := false; !last; {
		var batch []entry.Entry
		if batch, last, err = c.batch(); err != nil {
			return a, err
		}
		if len(batch) == 0 {
			return a, nil
		}
		kept, err := c.backend.Commit(c.ctx, r.Journal, batch)
		a.Entries += uint64(kept)
		if err != nil {
			return a, err
		}
	}
	return a, nil
}

// batch reads entries until there are enough; last says that the request has ended.
func (c *session) batch() (list []entry.Entry, last bool, err error) {
	for octets := 0; len(list) < batchSize && octets < batchOctets; {
		body, err := readBlock(c.r, nil)
		if err != nil || body == nil {
			return list, true, err
		}
		var e entry.Entry
		if err := c.decoder.DecodeLong(body, &e); err != nil {
			return nil, true, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		if err := c.claim(&e); err != nil {
			return nil, true, err
		}
		list = append(list, e)
		octets += len(body)
	}
	return list, false, nil
}

// claim makes an entry what a client may say: an event with claimed fields, beside what is known of the client.
func (c *session) claim(e *entry.Entry) error {
	if c.records {
		return c.witness(e)
	}
	e.Kind = entry.Event
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Form != entry.Inline || f.Provenance != entry.Claimed {
			return fmt.Errorf("field %q: a client sends claimed values only", f.Name)
		}
		if slices.Contains(c.private, f.Name) {
			f.Form = entry.Private
		}
	}
	e.Fields = append(e.Fields, c.fields...)
	return nil
}

// peer asks the kernel who is at the other end.
func peer(conn *net.UnixConn) (cred *unix.Ucred, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	controlErr := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	return cred, errors.Join(controlErr, err)
}
