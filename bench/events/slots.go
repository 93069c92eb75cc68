package events

import "strconv"

// A slot is a place in a text whose value varies.
type slot uint8

// The slots.
const (
	none slot = iota
	slotAddress
	slotPort
	slotNumber // up to 999999, most are small
	slotSmall  // 0 to 63
	slotMillis // with one decimal
	slotHex8
	slotHex16
	slotQueue // identifier of a mail
	slotUUID
	slotUser
	slotHost
	slotDomain
	slotPath
	slotFile
	slotUnit
	slotTable
	slotMAC
	slotKinds
)

// slotNames are the names of slots in the texts of templates.
var slotNames = map[string]slot{
	"ip": slotAddress, "port": slotPort, "num": slotNumber, "small": slotSmall, "ms": slotMillis, "hex8": slotHex8,
	"hex16": slotHex16, "queue": slotQueue, "uuid": slotUUID, "user": slotUser, "host": slotHost, "domain": slotDomain,
	"path": slotPath, "file": slotFile, "unit": slotUnit, "table": slotTable, "mac": slotMAC,
}

// appendSlot appends a value for a slot: one flat switch.
func (g *Generator) appendSlot(b []byte, s slot) []byte {
	if s == none {
		return b
	}
	x := g.pools[s].draw(&g.random)
	switch s {
	case slotAddress:
		return appendAddress(b, x)
	case slotPort:
		return appendNumber(b, 1024+x%64000)
	case slotNumber:
		return appendNumber(b, scaled(x, 1_000_000))
	case slotSmall:
		return appendNumber(b, x%64)
	case slotMillis:
		b = appendNumber(b, scaled(x, 4000))
		return append(b, '.', byte('0'+x>>8%10))
	case slotHex8:
		return appendHex(b, x, 8)
	case slotHex16:
		return appendHex(b, x, 16)
	case slotQueue:
		return appendUpper(b, x, 10)
	case slotUUID:
		return appendUUID(b, x)
	case slotMAC:
		return appendMAC(b, x)
	case slotHost:
		return append(b, g.hosts[int(scaled(x, uint64(len(g.hosts))))].name...)
	case slotPath:
		b = append(b, pick(paths, x)...)
		return appendNumber(b, scaled(mix(x), 5000))
	case slotFile:
		b = append(b, pick(directories, x)...)
		b = append(b, pick(words, x>>9)...)
		return append(b, pick(endings, x>>17)...)
	}
	return append(b, pick(wordsOf(s), x)...)
}

// wordsOf is the list that the values of a slot come from.
func wordsOf(s slot) []string {
	switch s {
	case slotUser:
		return users
	case slotDomain:
		return domains
	case slotUnit:
		return units
	}
	return tables
}

func pick(list []string, x uint64) string { return list[x%uint64(len(list))] }

// scaled is from 0 to n-1, the small ones more often.
func scaled(x, n uint64) uint64 {
	u := x >> 32
	return u * u >> 32 * n >> 32
}

func appendNumber(b []byte, x uint64) []byte { return strconv.AppendUint(b, x, 10) }

// appendAddress appends an IPv4 address: two of three are of the site.
func appendAddress(b []byte, x uint64) []byte {
	if x%3 == 0 {
		b = appendNumber(b, 11+x>>8%200)
		b = append(b, '.')
		b = appendNumber(b, x>>16%256)
	} else {
		b = append(b, "10.20"...)
	}
	b = append(b, '.')
	b = appendNumber(b, x>>24%256)
	b = append(b, '.')
	return appendNumber(b, 1+x>>32%254)
}

// appendDigits appends the last digits of x.
func appendDigits(b []byte, x uint64, digits int) []byte {
	b = append(b, "00000000"[:digits]...)
	for i := len(b) - 1; x > 0; i-- {
		b[i] = byte('0' + x%10)
		x /= 10
	}
	return b
}

func appendHex(b []byte, x uint64, digits int) []byte {
	for range digits {
		b = append(b, "0123456789abcdef"[x&15])
		x >>= 4
	}
	return b
}

func appendUpper(b []byte, x uint64, digits int) []byte {
	for range digits {
		b = append(b, "0123456789ABCDEF"[x&15])
		x >>= 4
	}
	return b
}

func appendUUID(b []byte, x uint64) []byte {
	y := mix(x)
	b = append(appendHex(b, x, 8), '-')
	b = append(appendHex(b, x>>32, 4), '-', '4')
	b = append(appendHex(b, x>>48, 3), '-', 'a')
	b = append(appendHex(b, y, 3), '-')
	return appendHex(b, y>>12, 12)
}

// appendMAC appends a hardware address of one of four makers.
func appendMAC(b []byte, x uint64) []byte {
	b = append(b, pick([]string{"52:54:00", "00:16:3e", "3c:ec:ef", "b8:27:eb"}, x>>4)...)
	for range 3 {
		b = appendHex(append(b, ':'), x>>8, 2)
		x >>= 8
	}
	return b
}
