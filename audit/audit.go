// Package audit writes an audit log: who did what to whose data, in the journal "audit" of the daemon on this machine.
//
//	err := audit.Info(ctx, cid, "user.signup", audit.CurrentUser(id), audit.Result("ok"))
//
// A call returns nil when the entry is durable and under a signature, and an error otherwise: after 5 seconds at the
// latest. No level, rule, rate limit or setting of the daemon keeps an entry out of that journal or thins it out.
//
// The daemon is found as the command line finds it: CONSTAT_SOCKET, else the store that CONSTAT_STORE names, else the
// default store. An entry has the fields cid, op, current_user, target_user, result, and extra.KEY for each member of
// extra; docs/audit.md says more.
package audit

import (
	"context"
	"time"
)

// Client says where entries go and what they have in common. The zero value is the daemon of this machine. A Client
// must not be changed after its first use; its methods may be called concurrently, and each of them returns before the
// next entry of the same caller can be written, so that order is kept.
type Client struct {
	// App is the name of the program, SYSLOG_IDENTIFIER; "" is the base name of the executable.
	App string
	// Socket is the socket of the daemon. "": CONSTAT_SOCKET if Store is "" too, else that of the daemon of the store.
	Socket string
	// Store is the directory of the store. "": CONSTAT_STORE, else the default of the command line.
	Store string
	// Timeout is how long a call may take, also while no daemon runs. 0 is [DefaultTimeout].
	Timeout time.Duration
	// Private are names of fields that are private in every entry, as [Private] takes them.
	Private []string
}

// DefaultTimeout is how long a call waits, for a daemon and for its answer, unless the [Client] says otherwise.
const DefaultTimeout = 5 * time.Second

// Level is the severity of an entry in the numbers of syslog (PRIORITY).
type Level int

// The levels.
const (
	LevelError Level = 3
	LevelWarn  Level = 4
	LevelInfo  Level = 6
)

// Info writes an entry that tells what happened. Errors: see [Client.Log].
func Info(ctx context.Context, cid, op string, options ...Option) error {
	return new(Client).Log(ctx, LevelInfo, cid, op, options...)
}

// Warn writes an entry about what should not have happened. Errors: see [Client.Log].
func Warn(ctx context.Context, cid, op string, options ...Option) error {
	return new(Client).Log(ctx, LevelWarn, cid, op, options...)
}

// Error writes an entry about what failed. Errors: see [Client.Log].
func Error(ctx context.Context, cid, op string, options ...Option) error {
	return new(Client).Log(ctx, LevelError, cid, op, options...)
}

// Info is the function [Info].
func (c *Client) Info(ctx context.Context, cid, op string, options ...Option) error {
	return c.Log(ctx, LevelInfo, cid, op, options...)
}

// Warn is the function [Warn].
func (c *Client) Warn(ctx context.Context, cid, op string, options ...Option) error {
	return c.Log(ctx, LevelWarn, cid, op, options...)
}

// Error is the function [Error].
func (c *Client) Error(ctx context.Context, cid, op string, options ...Option) error {
	return c.Log(ctx, LevelError, cid, op, options...)
}

// Log writes an entry of any level, 0 to 7. cid is the correlation id, which says to which request the entry belongs;
// nobody interprets it. op names what is done. Both may be any text.
//
// Nil means durable. An error that wraps [ErrNoDaemon] means that nothing was written; one that wraps [ErrUnknown] that
// nobody knows; any other says why the entry was refused, such as a full disk.
func (c *Client) Log(ctx context.Context, level Level, cid, op string, options ...Option) error {
	e, err := c.entry(level, cid, op, options)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience())
	defer cancel()
	return c.send(ctx, e)
}

// patience is how long a call may take.
func (c *Client) patience() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return DefaultTimeout
}
