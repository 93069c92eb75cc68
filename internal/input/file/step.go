package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"constat/internal/input"
)

// readSize is how much of a file is read at once.
const readSize = 256 << 10

// longLine is one that does not fit into the buffer, and has not ended yet.
type longLine struct {
	start, seen int64 // its beginning; there is no LF before seen
	under       bool
}

// step reads once. more is that there may be more at once.
func (f *Follower) step(ctx context.Context, sink input.Sink) (more bool, err error) {
	if f.file == nil {
		if err := f.open(); err != nil || f.file == nil {
			return false, err
		}
	}
	if f.group != nil {
		if f.unchanged() {
			return f.turn(ctx, sink)
		}
		if f.buf = f.group.borrow(ctx); f.buf == nil {
			return false, nil // it is over
		}
		defer func() { f.group.buffers <- f.buf; f.buf = nil }()
	}
	from := f.at.Offset
	if f.long.under {
		from = f.long.seen
	}
	n, err := f.file.ReadAt(f.buf, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if !f.moved && !f.at.isOf(f.file) { // truncated, perhaps written again since, perhaps before it was read
		return true, f.restart(sink)
	}
	if n > 0 {
		more, err = f.take(ctx, sink, f.buf[:n], from)
		if more || err != nil {
			f.idle = 0
			f.quiet.Store(0)
			return more, err
		}
	}
	f.noteLook(from + int64(n))
	return f.turn(ctx, sink)
}

// restart begins a file that was truncated anew. If it was copied before, what is not read yet stands in the copy; without a
// copy nobody knows whether there was anything.
func (f *Follower) restart(sink input.Sink) error {
	f.long = longLine{}
	if copied, moved := f.find(); moved {
		f.leave()
		f.file, f.moved, f.idle = copied, true, 0
		f.claim()
		return nil
	} else if copied != nil {
		copied.Close()
	}
	if !f.passCopy() && f.at.Offset > 0 {
		sink.Lose(f.source.Name, reasonTruncated, 1, 0)
	}
	f.head = nil
	return f.at.identify(f.file, 0)
}

// take hands over the whole lines in b, which are those of the file from an offset on. more is that there were any.
func (f *Follower) take(ctx context.Context, sink input.Sink, b []byte, from int64) (more bool, err error) {
	c := sink.Chunk()
	c.Source = f.source
	if f.long.under {
		return f.endLong(ctx, sink, c, b, from)
	}
	end, empty := cut(c, b, f.config.Limit)
	if end == 0 {
		if len(b) == len(f.buf) {
			f.long = longLine{start: from, seen: from + int64(len(b)), under: true}
			more = true
		}
		return more, nil
	}
	return true, f.deliver(ctx, sink, c, empty, from+int64(end))
}

// endLong looks for the end of a line that does not fit into the buffer.
func (f *Follower) endLong(ctx context.Context, sink input.Sink, c *input.Chunk, b []byte, from int64) (more bool, err error) {
	n := bytes.IndexByte(b, '\n')
	if n < 0 {
		f.long.seen = from + int64(len(b))
		return len(b) == len(f.buf), nil
	}
	end := from + int64(n)
	if err := f.addFrom(c, f.long.start, end); err != nil {
		return false, err
	}
	return true, f.deliver(ctx, sink, c, 0, end+1)
}

// addFrom adds a line that is read again.
func (f *Follower) addFrom(c *input.Chunk, start, end int64) error {
	kept := make([]byte, min(end-start, int64(f.config.Limit)))
	if _, err := f.file.ReadAt(kept, start); err != nil {
		return err
	}
	add(c, kept, int(end-start))
	return nil
}

// deliver hands lines over, and moves the position when they are durable.
func (f *Follower) deliver(ctx context.Context, sink input.Sink, c *input.Chunk, empty uint64, to int64) error {
	at, err := f.advance(to) // before there is time to truncate it
	if err != nil {
		return err
	}
	if len(c.Messages) > 0 {
		if err := put(ctx, sink, c); err != nil {
			return err
		}
	}
	if empty > 0 {
		sink.Lose(f.source.Name, reasonEmpty, empty, 0)
	}
	f.long, f.at = longLine{}, at
	return nil
}

// put hands a chunk over and waits until it is durable. When the context ends, it waits for a moment more.
func put(ctx context.Context, sink input.Sink, c *input.Chunk) error {
	done := make(chan error, 1)
	c.Done = func(err error) { done <- err }
	if err := sink.Put(ctx, c); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(input.Grace):
		return ctx.Err()
	}
}

// turn is called when nothing more is in the file: if another one is under the path, that is the next, as soon as
// nobody has written into this one for a while.
func (f *Follower) turn(ctx context.Context, sink input.Sink) (more bool, err error) {
	if !f.moved {
		info, err := os.Stat(f.config.Path)
		if err == nil && f.at.sameInode(info) || err != nil && !os.IsNotExist(err) {
			return false, nil // an error is one of opening, when it is opened
		}
		f.moved = true
		return false, nil
	}
	if f.idle++; f.idle < restPolls {
		return false, nil
	}
	if err := f.last(ctx, sink); err != nil {
		return false, err
	}
	f.finish()
	f.leave()
	err = f.open()
	if f.file == nil { // there is none yet: it will be read from its start
		f.at.Offset, f.at.Head, f.at.Sum = 0, 0, noSum
	}
	return f.file != nil, err
}

// noSum is the sum of no octets.
const noSum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// last hands over what stands behind the last LF of a file that is left.
func (f *Follower) last(ctx context.Context, sink input.Sink) error {
	info, err := f.file.Stat()
	if err != nil || info.Size() <= f.at.Offset {
		return err
	}
	c := sink.Chunk()
	c.Source = f.source
	if err := f.addFrom(c, f.at.Offset, info.Size()); err != nil {
		return err
	}
	c.Messages[0].Flag = FlagTruncated
	return f.deliver(ctx, sink, c, 0, info.Size())
}
