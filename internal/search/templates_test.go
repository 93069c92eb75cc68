package search

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"constat/entry"
)

// Messages that are kept as templates and variables are found as they are in heads, wherever a text begins and ends.
func TestTemplatesAreHeads(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	s := newShelf(t)
	for range 6 {
		var batch []entry.Entry
		for i := range 2000 {
			m := fmt.Sprintf("Accepted key%d for user%d from 10.%d.%d.7 port %d", i%3, rng.IntN(5), rng.IntN(256), rng.IntN(256), rng.IntN(65536))
			switch rng.IntN(3) {
			case 0:
				m = fmt.Sprintf("took %d ms, id=%08x, %s", rng.IntN(5000), rng.Uint32(), []string{"ok", "Failed", "x=1"}[rng.IntN(3)])
			case 1:
				m = fmt.Sprintf("[%05d] %s: read %d of %d\n", rng.IntN(99999), []string{"disk", "net"}[i%2], rng.IntN(100), i)
			}
			batch = append(batch, event(m, "SYSLOG_IDENTIFIER="+[]string{"sshd", "app"}[i%2], fmt.Sprintf("SYSLOG_PID=%d", rng.IntN(3000))))
		}
		s.append("web", batch...)
	}
	queries := []string{"key1", "user3 from", "*ser3 f*", `"10.77."`, "*.77.*", "*7.7*", "12*", "*12 ms*", "id=00*", "*a1b*", "Failed", "i(failed)",
		`~"port 1\\d\\d\\d\\d$"`, `~"id=[0-9a-f]*beef"`, "SYSLOG_PID:17", "SYSLOG_PID:[10 .. 20]", "SYSLOG_PID:*99", "-key0 -took -read", "*k*",
		`message:="took 7 ms"`, "of 1999", "[00*", "app:sshd user1 OR app:app disk", "port 80", `"read 5 of"`}
	var want []string
	for _, text := range queries {
		for _, pipe := range []string{"", " | stats count() by (app)", " | top 5 pid", " | limit 7 | fields index, message"} {
			want = append(want, table(t, s, text+pipe))
		}
	}
	s.convert()
	found := 0
	for i, text := range queries {
		for k, pipe := range []string{"", " | stats count() by (app)", " | top 5 pid", " | limit 7 | fields index, message"} {
			got := table(t, s, text+pipe)
			if got != want[4*i+k] {
				t.Errorf("%s%s: segments give\n%.300s\nheads\n%.300s", text, pipe, got, want[4*i+k])
			}
			if k == 0 && got != "" {
				found++
			}
		}
	}
	if found < len(queries)-5 {
		t.Errorf("only %d of %d queries find something", found, len(queries))
	}
	s.close()
}
