package parse

// Sizes of an arena.
const (
	chunkSize  = 64 << 10
	keepChunks = 64 // how many chunks outlive a release
)

// arena hands out memory that is valid until release. It grows by chunks, so that what was handed out never moves.
type arena struct {
	chunks [][]byte // each of chunkSize; those before current are full
	at     int      // index of the current chunk
	used   int      // bytes used of the current chunk
}

// room returns n bytes that nobody else has; the caller gives back what it does not need with keep.
func (a *arena) room(n int) []byte {
	if n > chunkSize/4 {
		return make([]byte, n) // not worth a chunk of its own after release
	}
	if a.at < len(a.chunks) && n > chunkSize-a.used {
		a.at, a.used = a.at+1, 0
	}
	if a.at == len(a.chunks) {
		a.chunks = append(a.chunks, make([]byte, chunkSize))
	}
	chunk := a.chunks[a.at]
	a.used += n
	return chunk[a.used-n : a.used : a.used]
}

// keep returns the first n bytes of what room returned last and takes the rest back.
func (a *arena) keep(room []byte, n int) []byte {
	if len(room) <= chunkSize/4 {
		a.used -= len(room) - n
	}
	return room[:n:n]
}

// copy returns a copy of b.
func (a *arena) copy(b []byte) []byte {
	room := a.room(len(b))
	copy(room, b)
	return room
}

func (a *arena) release() {
	if len(a.chunks) > keepChunks {
		clear(a.chunks[keepChunks:])
		a.chunks = a.chunks[:keepChunks]
	}
	a.at, a.used = 0, 0
}
