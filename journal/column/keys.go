package column

// A keySet holds hashes of keys, each once.
type keySet struct {
	table []uint64 // open addressing; 0 is an empty place
	used  int
	zero  bool
	list  []uint64
}

func (k *keySet) reset() {
	clear(k.table)
	k.used, k.zero = 0, false
}

func (k *keySet) add(h uint64) {
	if h == 0 {
		k.zero = true
		return
	}
	if k.used >= len(k.table)/2 {
		k.grow()
	}
	if place := k.place(h); *place == 0 {
		*place = h
		k.used++
	}
}

// place finds where h stands or should stand.
func (k *keySet) place(h uint64) *uint64 {
	mask := uint64(len(k.table) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if k.table[i] == 0 || k.table[i] == h {
			return &k.table[i]
		}
	}
}

func (k *keySet) grow() {
	old := k.table
	k.table = make([]uint64, max(1024, 2*len(old)))
	for _, h := range old {
		if h != 0 {
			*k.place(h) = h
		}
	}
}

// all gives the hashes in no order; they are valid until the next call.
func (k *keySet) all() []uint64 {
	k.list = k.list[:0]
	for _, h := range k.table {
		if h != 0 {
			k.list = append(k.list, h)
		}
	}
	if k.zero {
		k.list = append(k.list, 0)
	}
	return k.list
}
