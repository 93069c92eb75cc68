package segment

import (
	"fmt"

	"constat/journal/frame"
)

// Check reads the whole file and returns every part that is not as it was written, whether an entry needs it or not.
// With it and [Reader.Bodies] no byte of a segment is left unlooked at.
func (s *Segment) Check() []Damage {
	c := checking{s: s, found: append([]Damage(nil), s.damage...)}
	c.ends()
	for n := range s.arrival {
		for i, p := range s.arrival[n] {
			c.part(p, false, fmt.Sprintf("%s of arrival block %d", spanPartNames[i], n))
		}
	}
	for i := range s.columns {
		c.column(i)
	}
	return c.found
}

var spanPartNames = [spanParts]string{"groups", "epochs", "received times", "event times", "nanoseconds"}

type checking struct {
	s     *Segment
	found []Damage
}

// ends compares what stands twice.
func (c *checking) ends() {
	s := c.s
	trailerAt := s.trailer.size() - trailerSize
	for _, x := range [...]struct {
		offset int64
		want   []byte
		text   string
	}{
		{0, frame.AppendFileHeader(nil, s.header), "header"},
		{frame.HeadHeaderSize, s.trailer.append(nil), "trailer behind the header"},
		{trailerAt, s.trailer.append(nil), "trailer at the end"},
	} {
		c.part(part{offset: x.offset, size: uint32(len(x.want)), crc: frame.Checksum(x.want)}, true, x.text)
	}
	for _, meta := range [...]int64{metaOffset, s.trailer.copy} {
		c.part(part{offset: meta, size: s.trailer.directory, crc: s.trailer.sum}, true, fmt.Sprintf("directory at byte %d", meta))
		for i := range s.columns {
			p := s.columns[i].shared
			p.offset += meta + int64(s.trailer.directory)
			c.part(p, true, fmt.Sprintf("shared part of column %d at byte %d", i, p.offset))
		}
	}
}

func (c *checking) column(n int) {
	x := &c.s.columns[n]
	name := x.name
	if x.tag >= tagParams {
		name = "(none)"
	}
	c.part(x.filter, true, fmt.Sprintf("filter of column %d, %s", n, name))
	for b, p := range x.blocks {
		c.part(p, false, fmt.Sprintf("block %d of column %d, %s", b, n, name))
	}
}

// part reads one part and notes it if it is damaged.
func (c *checking) part(p part, derived bool, what string) {
	if p.size == 0 {
		return
	}
	if _, err := c.s.read(nil, p, p.offset); err != nil {
		c.found = append(c.found, Damage{Offset: p.offset, Size: int64(p.size), Text: what + ": " + err.Error(),
			Derived: derived, End: p.offset < metaOffset || p.offset == c.s.trailer.size()-trailerSize, Cause: err})
	}
}
