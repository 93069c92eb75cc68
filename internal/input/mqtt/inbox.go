package mqtt

import (
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Bounds of what waits to be handed over.
const (
	maxOctets   = 4 << 20 // of payloads; one of any length is let in when none waits
	maxMessages = 4096
)

// inbox is what has come and is not handed over.
type inbox struct {
	mu      sync.Mutex
	changed *sync.Cond     // of mu
	list    []paho.Message // guarded by mu
	octets  int            // guarded by mu
	ended   bool           // guarded by mu; nothing more is taken
}

func newInbox() *inbox {
	b := &inbox{}
	b.changed = sync.NewCond(&b.mu)
	return b
}

func (b *inbox) fullLocked(m paho.Message) bool {
	return len(b.list) > 0 && (len(b.list) >= maxMessages || b.octets+len(m.Payload()) > maxOctets)
}

// put waits for room, unless nobody keeps the message for us: then it is refused where there is none.
func (b *inbox) put(m paho.Message) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.ended && b.fullLocked(m) {
		if m.Qos() == 0 {
			return false
		}
		b.changed.Wait()
	}
	if b.ended && m.Qos() > 0 {
		return true // the broker has it still
	}
	b.list = append(b.list, m)
	b.octets += len(m.Payload())
	b.changed.Broadcast()
	return true
}

// take waits for messages; none is that no more come.
func (b *inbox) take() []paho.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.ended && len(b.list) == 0 {
		b.changed.Wait()
	}
	list := b.list
	b.list, b.octets = nil, 0
	b.changed.Broadcast()
	return list
}

// end takes no more messages. What is in the inbox may still be taken.
func (b *inbox) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.changed.Broadcast()
}
