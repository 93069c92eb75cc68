package column

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden vectors anew: only before the format is released")

// golden are columns whose bytes are frozen. Values are given by formulas and lists that must not change.
func golden() map[string]struct {
	use    Use
	blocks []Texts
} {
	type column = struct {
		use    Use
		blocks []Texts
	}
	list := func(f func(i int) string) []Texts { return []Texts{repeat(9, f), repeat(3, f)} }
	return map[string]column{
		"dictionary":  {Values, []Texts{repeat(40, func(i int) string { return []string{"alpha", "beta", ""}[i*i%3] })}},
		"decimal":     {Values, list(func(i int) string { return fmt.Sprint(i*i*i*7919 - 100) })},
		"differences": {Values, []Texts{repeat(60, func(i int) string { return fmt.Sprint(1e9 + i*1001) })}},
		"planes":      {Values, []Texts{repeat(400, func(i int) string { return fmt.Sprint(3 + i%100/99*(70000+i)) })}},
		"digits":      {Values, list(func(i int) string { return fmt.Sprintf("%06d", i*i*611) })},
		"hex":         {Values, list(func(i int) string { return fmt.Sprintf("0x%08x", i*0x1234567) })},
		"hex-upper":   {Values, list(func(i int) string { return fmt.Sprintf("AF%06X", i*0x34567) })},
		"ipv4":        {Values, list(func(i int) string { return fmt.Sprintf("10.%d.0.%d", i, i*31) })},
		"ipv6":        {Values, list(func(i int) string { return fmt.Sprintf("2001:db8::%x:%x", i+1, i*i*257+1) })},
		"time":        {Values, list(func(i int) string { return string(appendTime(nil, 1760000000000000+int64(i*i)*47*86400*1000003, 0)) })},
		"hex-long":    {Values, list(func(i int) string { return fmt.Sprintf("%020x", uint64(i)*0x123456789abcdef) })},
		"uuid":        {Values, list(func(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", i*77, i*i*991) })},
		"unsigned":    {Values, list(func(i int) string { return fmt.Sprint(uint64(11e17+1) * uint64(i+1)) })},
		"text":        {Message, list(func(i int) string { return []string{"", "\xff\x00", "a 1", "b"}[i%4] + strings.Repeat("x", i) })},
		"repeats": {Values, []Texts{repeat(48, func(i int) string {
			return []string{"a-long-value", "another-value", fmt.Sprint("fresh-value-", i)}[i%3]
		})}},
		"templates": {Message, []Texts{repeat(64, func(i int) string {
			switch i % 4 {
			case 0:
				return fmt.Sprintf("connection from 192.168.%d.7 port %d", i%8, 1024+i*i)
			case 1:
				return fmt.Sprintf("session s%x_%d closed", i*i*i, i)
			case 2:
				return "nothing to do"
			}
			return strings.Repeat("z", i) + " once"
		})}},
	}
}

// TestGolden reads frozen bytes, and encodes the values again. What zstd makes of them depends on the library, so
// these columns are not compressed.
func TestGolden(t *testing.T) {
	for name, g := range golden() {
		t.Run(name, func(t *testing.T) {
			e := NewEncoder()
			e.zip = nil
			out, err := e.Encode(g.blocks, g.use)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(encodedText(out)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			frozen, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := encodedText(out); got != string(frozen) {
				t.Errorf("encoded as\n%s\nfrozen as\n%s", got, frozen)
			}
			readFrozen(t, string(frozen), g.blocks)
		})
	}
}

func encodedText(out *Encoded) string {
	var b strings.Builder
	fmt.Fprintf(&b, "shared %x\nfilter %x\n", out.Shared, out.Filter)
	for _, block := range out.Blocks {
		fmt.Fprintf(&b, "block %x\n", block)
	}
	return b.String()
}

// readFrozen decodes the frozen bytes and compares the values.
func readFrozen(t *testing.T, frozen string, want []Texts) {
	t.Helper()
	var parts [][]byte
	for line := range strings.Lines(frozen) {
		_, digits, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		part, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	c, err := Open(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		b, err := c.Block(parts[2+i], want[i].Len())
		if err != nil {
			t.Fatal(err)
		}
		var got Texts
		if err := b.Texts(&got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Data, want[i].Data) || !got.equal(&want[i]) {
			t.Errorf("block %d: %q, want %q", i, got.Data, want[i].Data)
		}
	}
}
