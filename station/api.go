package station

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"constat/entry"
)

// Options say where entries go. The zero value is a domain of a station.
type Options struct {
	// Channel is the path of the log channel. "" is the daemon of this machine if its socket can be reached (Dom0), else
	// [DefaultChannel].
	Channel string
	// Domain is what the domain calls itself; "" is the host name. The daemon knows better, by the channel.
	Domain string
	// Out is where each entry goes besides; nil is standard output, [io.Discard] is nowhere.
	Out io.Writer
	// Level is the least severe level that is written; 0 is [LevelDebug].
	Level Level
	// Timeout is how long a call may wait; 0 is [DefaultTimeout]. A call waits only as long as those before it had to be
	// waited for in vain: then entries are kept in the buffer, as long as there is room.
	Timeout time.Duration
	// Buffer is the memory of entries that wait, in bytes; 0 is [DefaultBuffer].
	Buffer int
}

// maxHost is how much is kept of what a domain calls itself, in bytes.
const maxHost = 255

// Api writes the log of a program. Its methods may be called concurrently, none of them fails or panics, and none
// takes longer than the time limit for the channel and once more for standard output.
type Api struct {
	options Options
	level   atomic.Int64
	channel *Channel
	local   atomic.Pointer[local] // in place of the channel; nil: there is none
	frames  *lane
	out     *lane
	stop    context.CancelFunc // ends the heartbeats
	closed  atomic.Bool
}

// Stats is what has become of the entries.
type Stats struct {
	Logged  uint64 // entries above the level
	Dropped uint64 // of these, not written into the channel
	Unsaid  uint64 // of these, not written to standard output
}

// New returns an Api. A channel that is not there yet is tried again with each entry.
func New(o Options) *Api {
	if o.Domain == "" {
		o.Domain, _ = os.Hostname()
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if o.Level <= 0 {
		o.Level = LevelDebug
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	ctx, stop := context.WithCancel(context.Background())
	a := &Api{options: o, channel: newChannel(o.Channel, o.Timeout), stop: stop}
	if o.Channel == "" {
		a.local.Store(findLocal(o.Timeout))
	}
	if a.local.Load() == nil {
		a.channel.open() // tried again with the first entry
	}
	a.level.Store(int64(o.Level))
	a.frames = newLane(o.Buffer, o.Timeout, a.send)
	a.out = newLane(o.Buffer, o.Timeout, a.print)
	go a.channel.Heartbeats(ctx)
	return a
}

// Debug logs what helps to find a fault. module is the part of the program; "" is none.
func (a *Api) Debug(message, module string) { a.log(LevelDebug, message, module) }

// Info logs what happens.
func (a *Api) Info(message, module string) { a.log(LevelInfo, message, module) }

// Warn logs what should not happen.
func (a *Api) Warn(message, module string) { a.log(LevelWarn, message, module) }

// Error logs what failed.
func (a *Api) Error(message, module string) { a.log(LevelError, message, module) }

// Critical logs what keeps the program from going on.
func (a *Api) Critical(message, module string) { a.log(LevelCritical, message, module) }

// SetLogLevel changes the least severe level that is written.
func (a *Api) SetLogLevel(l Level) { a.level.Store(int64(l)) }

// LogLevel is the least severe level that is written.
func (a *Api) LogLevel() Level { return Level(a.level.Load()) }

// Stats returns what has become of the entries so far.
func (a *Api) Stats() Stats {
	return Stats{a.frames.offered.Load(), a.dropped(), a.out.dropped.Load()}
}

// Close writes what waits, within twice the time limit and at least two seconds, and says that no more comes. An error
// says how many entries were not written into the channel. Entries that come later are counted as dropped.
func (a *Api) Close() error {
	if a == nil || a.frames == nil || a.closed.Swap(true) {
		return nil
	}
	a.stop()
	patience := time.Now().Add(max(2*a.options.Timeout, 2*time.Second))
	for range a.frames.close(patience) {
		a.channel.skip()
	}
	a.out.close(patience)
	if a.local.Load() == nil {
		return a.channel.Close()
	}
	if n := a.dropped(); n > 0 {
		return fmt.Errorf("the daemon did not take %d of %d messages", n, a.frames.offered.Load())
	}
	return nil
}

// dropped is how many entries were given up.
func (a *Api) dropped() uint64 {
	n := a.channel.Dropped()
	if l := a.local.Load(); l != nil {
		n += l.dropped.Load()
	}
	return n
}

func (a *Api) log(l Level, message, module string) {
	if a == nil || a.frames == nil || l > a.LogLevel() { // not made by New: there is nowhere to write
		return
	}
	e := Entry{Time: time.Now(), Level: l, Module: module, Message: message}
	if len(message) > entry.MaxFrame { // no more is needed, nor to be held while it waits
		e.Message = strings.Clone(cut(message, entry.MaxFrame))
		e.left = len(message) - len(e.Message)
	}
	if a.options.Domain != "" {
		e.Fields = []Field{{"HOSTNAME", cut(a.options.Domain, maxHost)}}
	}
	line := appendLine(nil, &e, a.options.Domain)
	said := a.out.put(Entry{Message: string(line)})
	sent := a.frames.put(e)
	a.out.wait(said)
	if sent == nil {
		a.channel.skip()
	}
	a.frames.wait(sent)
}

// send writes an entry, to the daemon also if that has come up only now. It belongs to one goroutine.
func (a *Api) send(e Entry) bool {
	if a.options.Channel == "" && a.local.Load() == nil {
		if _, err := os.Stat(DefaultChannel); err != nil {
			a.local.Store(findLocal(a.options.Timeout))
		}
	}
	if l := a.local.Load(); l != nil {
		return l.send(e)
	}
	return a.channel.Send(e) == nil
}

func (a *Api) print(e Entry) bool {
	n, err := io.WriteString(a.options.Out, e.Message)
	return err == nil && n == len(e.Message)
}
