package segment

import (
	"errors"
	"fmt"
	"math"

	"constat/entry"
)

var errBody = errors.New("not a canonical body")

// extent is a part of the builder's memory of bodies.
type extent struct{ start, end uint32 }

// parsed is a body taken apart: what makes its shape, in key, and where its values are.
type parsed struct {
	key      []byte // what rows of one shape have in common
	values   []extent
	kind     entry.Kind
	epoch    uint32
	received int64
	hasEvent bool
	event    int64
	nanos    int64
}

// cutter takes the parts of a body off its front. After the first that is not there, or not in its shortest form, bad
// is set.
type cutter struct {
	b   []byte
	at  int
	bad bool
}

func (c *cutter) byte() byte {
	if c.at >= len(c.b) {
		c.bad = true
		return 0
	}
	c.at++
	return c.b[c.at-1]
}

func (c *cutter) uvarint() uint64 {
	value := uint64(0)
	for shift := uint(0); shift < 64; shift += 7 {
		b := c.byte()
		value |= uint64(b&0x7f) << shift
		if b < 0x80 {
			c.bad = c.bad || b == 0 && shift > 0 || shift == 63 && b > 1
			return value
		}
	}
	c.bad = true
	return 0
}

func (c *cutter) svarint() int64 {
	u := c.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// take returns where the next n bytes are.
func (c *cutter) take(n uint64) extent {
	if n > uint64(len(c.b)-c.at) {
		c.bad = true
		return extent{}
	}
	start := c.at
	c.at += int(n)
	return extent{uint32(start), uint32(c.at)}
}

func (c *cutter) string() extent { return c.take(c.uvarint()) }

// parse takes a body apart. Extents are relative to the body. The first value is that of the renderer's parameters.
func (p *parsed) parse(body []byte) error {
	c := cutter{b: body}
	version, kind := c.byte(), c.byte()
	if version > entry.Version {
		return fmt.Errorf("%w: entry format %d, this program knows %d", entry.ErrNewer, version, entry.Version)
	}
	epoch := c.uvarint()
	p.received = c.svarint()
	flag := c.byte()
	p.key = append(p.key[:0], kind, flag)
	p.time(&c, flag)
	renderer := c.uvarint()
	p.key = append(p.key, byte(renderer), byte(renderer>>8))
	p.values = append(p.values[:0], c.string())
	p.fields(&c)
	p.kind, p.epoch = entry.Kind(kind), uint32(epoch)
	if c.bad || c.at != len(body) || version != entry.Version || kind > byte(entry.MaxKind) || epoch > math.MaxUint32 || renderer > math.MaxUint16 {
		return errBody
	}
	return nil
}

func (p *parsed) time(c *cutter, flag byte) {
	p.hasEvent, p.event, p.nanos = flag > 0, 0, 0
	if flag == 0 {
		return
	}
	p.event = c.svarint()
	if flag > 7 {
		p.nanos = int64(c.uvarint())
		c.bad = c.bad || p.nanos > 999
	}
	c.bad = c.bad || flag > 10
	zone := c.string()
	if zone.end-zone.start > entry.MaxZone {
		c.bad = true
		return
	}
	p.key = append(p.key, byte(zone.end-zone.start))
	p.key = append(p.key, c.b[zone.start:zone.end]...)
}

func (p *parsed) fields(c *cutter) {
	count := c.uvarint()
	for i := uint64(0); i < count && !c.bad; i++ {
		head, form := c.head()
		p.key = append(p.key, c.b[head.start:head.end]...)
		p.values = append(p.values, c.value(form))
	}
}

// head returns where tag and name of a field are: see [entry.AppendHead].
func (c *cutter) head() (head extent, form entry.Form) {
	start := c.at
	tag := c.byte()
	switch tag >> 4 {
	case 0:
		name := c.string()
		text := c.b[name.start:name.end]
		c.bad = c.bad || len(text) > entry.MaxName || entry.IsKnownName(text)
	case entry.LongName:
		c.bad = c.bad || entry.KnownName(entry.LongName+int(c.byte())) == ""
	}
	return extent{uint32(start), uint32(c.at)}, entry.Form(tag >> 2 & 3)
}

// value returns where the value of a field is: of a blob, its digest and its size.
func (c *cutter) value(form entry.Form) extent {
	switch form {
	case entry.Inline:
		return c.string()
	case entry.Private:
		return c.take(entry.DigestSize)
	case entry.Blob, entry.Packed:
		v := c.take(entry.DigestSize)
		c.uvarint()
		v.end = uint32(c.at)
		return v
	}
	c.bad = true
	return extent{}
}
