package native

import (
	"context"
	"fmt"
	"os"
	"testing"

	"constat/entry"
)

func (r *recorder) Exported(_ context.Context, e *entry.Entry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	question, _ := e.Get("QUESTION")
	uid, _ := e.Get("_UID")
	r.entries = append(r.entries, fmt.Sprintf("exported %s %s", question, uid))
	return nil
}

func TestExported(t *testing.T) {
	r := &recorder{}
	socket, _ := serve(t, r)
	if _, err := dial(t, socket, Request{Op: "exported"}).Finish(); err == nil {
		t.Error("no entry is an export")
	}
	c := dial(t, socket, Request{Op: "exported"})
	e := &entry.Entry{}
	e.AddString("QUESTION", "sshd", entry.Claimed)
	if err := c.Log(e); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	c = dial(t, socket, Request{Op: "exported"})
	c.Log(e)
	c.Log(e)
	if _, err := c.Finish(); err == nil {
		t.Error("two entries are one export")
	}
	want := fmt.Sprint("[exported sshd ", os.Getuid(), "]")
	if got := fmt.Sprint(r.entries); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
