package syslog

import (
	"io"
	"net"
	"sync"
	"time"

	"constat/internal/relp"
)

// answerTime is how long a client may leave answers unread.
const answerTime = 30 * time.Second

// answer is one to a run of messages, or one that is ready.
type answer struct {
	numbers []uint32        // of the messages; none of an answer to something else
	refused map[uint32]bool // of these
	ready   []byte          // nil until it is known what became of the messages
}

// add adds a message. A refused one is kept in part, and refused all the same.
func (a *answer) add(number uint32, refused bool) {
	a.numbers = append(a.numbers, number)
	if refused {
		if a.refused == nil {
			a.refused = map[uint32]bool{}
		}
		a.refused[number] = true
	}
}

// settle makes the answer, when it is known what became of the messages.
func (a *answer) settle(failed error) {
	b := make([]byte, 0, 24*len(a.numbers))
	for _, n := range a.numbers {
		switch {
		case failed != nil:
			b = relp.AppendRefusal(b, n, "not kept: "+oneLine(failed.Error()))
		case a.refused[n]:
			b = relp.AppendRefusal(b, n, reasonTooLong)
		default:
			b = relp.AppendOK(b, n)
		}
	}
	a.ready = b
}

// oneLine makes a text what may stand in an answer.
func oneLine(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c < ' ' {
			b[i] = ' '
		}
	}
	return string(b)
}

// answers sends answers, in the order in which they were put, as soon as the first of them is ready.
type answers struct {
	w    io.Writer
	conn net.Conn
	sent sync.WaitGroup

	mu       sync.Mutex
	changed  *sync.Cond // of mu
	due      []*answer  // guarded by mu
	messages int        // guarded by mu; whose answers are not sent
	octets   int        // guarded by mu; of messages that are not settled
	ended    bool       // guarded by mu; nothing more comes
	failed   error      // guarded by mu; of writing
}

func newAnswers(w io.Writer, conn net.Conn) *answers {
	a := &answers{w: w, conn: conn}
	a.changed = sync.NewCond(&a.mu)
	a.sent.Go(a.send)
	return a
}

// put puts an answer behind the others. Before, it waits until few enough messages are under way.
func (a *answers) put(one *answer, octets int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.failed == nil && a.messages > 0 && len(one.numbers) > 0 && (a.messages+len(one.numbers) > maxUnanswered || a.octets+octets > maxWaiting) {
		a.changed.Wait()
	}
	if a.failed != nil {
		return a.failed
	}
	a.due = append(a.due, one)
	a.messages += len(one.numbers)
	a.octets += octets
	a.changed.Broadcast()
	return nil
}

// settle is told what became of the messages of an answer.
func (a *answers) settle(one *answer, octets int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one.settle(err)
	a.octets -= octets
	a.changed.Broadcast()
}

// send sends what is ready until nothing more comes.
func (a *answers) send() {
	for {
		octets := a.next()
		if octets == nil {
			return
		}
		a.conn.SetWriteDeadline(time.Now().Add(answerTime))
		if _, err := a.w.Write(octets); err != nil {
			a.fail(err)
			return
		}
	}
}

// next waits for answers that are ready; nil is that there will be none.
func (a *answers) next() (octets []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.failed == nil {
		n := 0
		for n < len(a.due) && a.due[n].ready != nil {
			octets = append(octets, a.due[n].ready...)
			a.messages -= len(a.due[n].numbers)
			a.due[n] = nil
			n++
		}
		a.due = a.due[n:]
		if n > 0 {
			a.changed.Broadcast()
			return octets
		}
		if a.ended && len(a.due) == 0 {
			return nil
		}
		a.changed.Wait()
	}
	return nil
}

// fail ends everything: the client gets no more answers, and sends again what it has none for.
func (a *answers) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed == nil {
		a.failed = err
	}
	a.conn.Close()
	a.changed.Broadcast()
}

// end sends what is still due, and returns when that is done or cannot be.
func (a *answers) end() {
	a.mu.Lock()
	a.ended = true
	a.changed.Broadcast()
	a.mu.Unlock()
	a.sent.Wait()
}
