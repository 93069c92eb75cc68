package show

// nameSlots is how many names a printer remembers; a power of two, so that the remainder is cheap.
const nameSlots = 256

// nameSlot remembers how a name begins a member of a JSON object. Names that share a slot cost what they cost without.
type nameSlot struct {
	name   string
	member []byte // "NAME":
	hidden bool
	entry  uint64 // number of the entry that had the name last; 0: the slot is empty
}

// slotOf returns the slot of a name: different names are mostly apart.
func (p *Printer) slotOf(name string) *nameSlot {
	if name == "" {
		return &p.names[0]
	}
	n := uint(len(name))
	return &p.names[(n*7+uint(name[n/2])*5+uint(name[n-1]))%nameSlots]
}

// slot returns the slot of a name, filled, and whether it was in use for the same entry: then the name stood before, or
// another one that shares the slot.
func (p *Printer) slot(name string) (slot *nameSlot, used bool) {
	slot = p.slotOf(name)
	used = slot.entry == p.entry
	if slot.entry == 0 || slot.name != name {
		slot.name, slot.hidden = name, p.chosen.hides(name)
		slot.member = append(appendJSONString(slot.member[:0], name), ':')
	}
	slot.entry = p.entry
	return slot, used
}
