package daemon

import (
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/input/native"
)

// message is an entry as a client sends it.
func message(text string) *entry.Entry {
	e := &entry.Entry{Renderer: entry.RenderText}
	e.AddString("MESSAGE", text, entry.Claimed)
	return e
}

// logTo logs through a socket and returns when that is acknowledged.
func logTo(socket, journal string, texts ...string) error {
	c, err := native.Dial(socket, native.Request{Op: "log", Journal: journal})
	if err != nil {
		return err
	}
	for _, text := range texts {
		if err := c.Log(message(text)); err != nil {
			break // the answer says why
		}
	}
	a, err := c.Finish()
	if err == nil && a.Entries != uint64(len(texts)) {
		return fmt.Errorf("%d of %d are kept", a.Entries, len(texts))
	}
	return err
}

// importTo imports lines through a socket and returns when that is acknowledged.
func importTo(socket, journal string, texts ...string) error {
	c, err := native.Dial(socket, native.Request{Op: "import", Journal: journal, Format: "text"})
	if err != nil {
		return err
	}
	fmt.Fprintln(c, strings.Join(texts, "\n"))
	a, err := c.Finish()
	if err == nil && a.Entries != uint64(len(texts)) {
		return fmt.Errorf("%d of %d are kept", a.Entries, len(texts))
	}
	return err
}

// texts are the messages of round n.
func texts(n, count int) (list []string) {
	for i := range count {
		list = append(list, fmt.Sprintf("round %d message %d", n, i))
	}
	return list
}

// holds wants the journal to hold all these messages, in this order, and to end with at most more unknown ones.
func holds(t testing.TB, list []kept, want []string) {
	t.Helper()
	i := 0
	for _, k := range list {
		if i < len(want) && k.fields["MESSAGE"] == want[i] {
			i++
		}
	}
	if i < len(want) {
		t.Errorf("%d entries; missing %q, number %d of %d that were acknowledged", len(list), want[i], i, len(want))
	}
}

// TestKill: the daemon is killed right after an acknowledgement. Nothing acknowledged is missing, the store is sound,
// and the next start needs no hand.
func TestKill(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	p := newPlace(t, "listen: {}\nhttp: off\n")
	acknowledged := map[string][]string{}
	for n := range rounds {
		d := p.serve()
		socket := p.endpoints().Socket
		list, name, write := texts(n, 1+n%5*n), "system", logTo
		if n%3 == 2 {
			name, write = "imported", importTo
		}
		if err := write(socket, name, list...); err != nil {
			t.Fatal(err)
		}
		d.kill()
		acknowledged[name] = append(acknowledged[name], list...)
		if n%10 == 9 {
			p.verify()
		}
		for name, list := range acknowledged {
			holds(t, p.all(name), list)
		}
		if t.Failed() {
			t.Fatalf("round %d", n)
		}
	}
	p.serve().stop()
	p.verify()
	for name, list := range acknowledged {
		holds(t, p.all(name), list)
		t.Logf("journal %s: %d acknowledged", name, len(list))
	}
}
