package crashfs

import "slices"

// content returns what survives of the content of a file.
func (c *crash) content(n *node) []byte {
	disk, odds := slices.Clone(n.disk), c.newOdds()
	kept := make([]bool, len(n.pending))
	last := -1
	for i, ch := range n.pending {
		kept[i] = c.survives(odds)
		if kept[i] && !ch.truncate {
			last = i
		}
	}
	for i, ch := range n.pending {
		switch {
		case i == last:
			disk = c.lost(ch, c.torn(ch).apply(disk))
		case kept[i]:
			disk = ch.apply(disk)
		default:
			disk = c.lost(ch, disk)
		}
	}
	return disk
}

// torn returns what survives of the last write: all, or one side of a random
// byte or sector; mostly the front.
func (c *crash) torn(ch change) change {
	if len(ch.bytes) == 0 || c.survives(2) {
		return ch
	}
	at := int64(c.rng.IntN(len(ch.bytes) + 1))
	if c.survives(2) { // down to a sector of the disk, not of the write
		at = max(0, (ch.offset+at)/sector*sector-ch.offset)
	}
	if at > 0 && at < int64(len(ch.bytes)) && c.survives(1) {
		return change{offset: ch.offset + at, bytes: ch.bytes[at:]}
	}
	return change{offset: ch.offset, bytes: ch.bytes[:at]}
}

// lost lengthens the file as the write ch would have, perhaps: all the way or
// not, with zeros or with garbage.
func (c *crash) lost(ch change, disk []byte) []byte {
	old := int64(len(disk))
	if ch.truncate || ch.end() <= old || !c.survives(2) {
		return disk
	}
	end := ch.end()
	if c.survives(1) {
		end = old + c.rng.Int64N(end-old+1)
	}
	disk = resize(disk, end)
	if c.survives(1) {
		for i := range disk[old:] {
			disk[old+int64(i)] = byte(c.rng.Uint32())
		}
	}
	return disk
}
