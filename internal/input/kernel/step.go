package kernel

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"constat/internal/input"
)

// batch is what was read and is not handed over.
type batch struct {
	chunk  *input.Chunk
	next   uint64 // the record behind it
	gone   uint64 // records that the kernel has thrown away before they were read
	broken uint64 // that are none
}

// step waits a second for a record, hands it over with those that are there too, and waits until they are durable.
func (i *Input) step(to input.Handover, buf []byte) error {
	i.file.SetReadDeadline(time.Now().Add(saveEvery))
	if to.Ctx.Err() != nil {
		return nil
	}
	b := batch{chunk: to.Sink.Chunk(), next: i.at.Next}
	b.chunk.Source = i.source
	read := i.read(&b, buf)
	if len(b.chunk.Messages) > 0 {
		if err := i.put(to, b.chunk); err != nil {
			return i.again(to.Sink, uint64(len(b.chunk.Messages)), err)
		}
	}
	if b.gone > 0 {
		to.Sink.Lose(i.source.Name, reasonKernel, b.gone, 0)
	}
	if b.broken > 0 {
		to.Sink.Lose(i.source.Name, reasonBroken, b.broken, 0)
	}
	i.at.Next = b.next
	return read
}

// again has the records read again that could not be kept. Those that the kernel still has it gives again from the first on.
func (i *Input) again(sink input.Sink, records uint64, err error) error {
	if _, failed := i.file.Seek(0, io.SeekStart); failed != nil && !errors.Is(failed, os.ErrClosed) {
		sink.Lose(i.source.Name, reasonStopped, records, 0)
		return errors.Join(err, failed)
	}
	return err
}

// read takes the record that comes next, and then what is there at once.
func (i *Input) read(b *batch, buf []byte) error {
	n, err := i.file.Read(buf)
	for range maxRecords {
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.EAGAIN):
			return nil
		case errors.Is(err, syscall.EPIPE): // some were thrown away; the numbers tell how many
		case err != nil:
			return err
		default:
			i.take(b, buf[:n])
		}
		n, err = i.readNow(buf)
	}
	if err == nil {
		i.take(b, buf[:n])
	}
	return nil
}

// readNow reads without waiting.
func (i *Input) readNow(buf []byte) (n int, err error) {
	raw, err := i.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	if failed := raw.Control(func(fd uintptr) { n, err = syscall.Read(int(fd), buf) }); failed != nil {
		return 0, failed
	}
	if err == nil && n == 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

// take adds a record to the batch, unless it was kept before.
func (i *Input) take(b *batch, octets []byte) {
	r, ok := parse(octets)
	switch {
	case !ok:
		b.broken++
		return
	case r.sequence < b.next:
		return
	case r.sequence > b.next && b.next > 0:
		b.gone += r.sequence - b.next
	}
	b.next = r.sequence + 1
	claims, text := r.claims()
	c := b.chunk
	envelope := &input.Envelope{Start: len(c.Octets), End: len(c.Octets) + len(octets), Claims: claims}
	c.Octets = unescape(append(c.Octets, octets...), text)
	c.Messages = append(c.Messages, input.Message{Start: envelope.End, End: len(c.Octets), Envelope: envelope})
	for _, f := range claims {
		c.Beside += len(f.Name) + len(f.Value)
	}
}

// put hands a chunk over and waits until it is durable. After an error it is not, or nobody knows.
func (i *Input) put(to input.Handover, c *input.Chunk) error {
	done := make(chan error, 1)
	c.Done = func(err error) { done <- err }
	err := to.Put(c)
	if err != nil {
		return err
	}
	select {
	case err = <-done:
		return err
	case <-to.Late.Done():
		return to.Late.Err()
	}
}
