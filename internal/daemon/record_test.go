package daemon

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestRecordBesideDaemon: "constat record" writes through the daemon while one runs, and straight into the store while
// none does. The daemon is killed three times: every line is in the file once and in the journal, in its order.
func TestRecordBesideDaemon(t *testing.T) {
	p := newPlace(t, "listen: {}\nhttp: off\n")
	d := p.serve()
	r := p.command("record", "0", "--listen", "127.0.0.1", "lines")
	errs, err := r.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Process.Kill(); r.Wait() })
	talk := bufio.NewScanner(errs)
	address := ""
	for address == "" && talk.Scan() {
		if m := regexp.MustCompile(`recording (\S+) into`).FindStringSubmatch(talk.Text()); m != nil {
			address = m[1]
		}
	}
	said := make(chan string, 1)
	go func() {
		var all []string
		for talk.Scan() {
			all = append(all, talk.Text())
		}
		said <- strings.Join(all, "\n")
	}()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	say := func(what string, n int) {
		for i := range n {
			line := fmt.Sprintf("%s %d", what, i)
			want = append(want, line)
			if _, err := fmt.Fprintln(conn, line); err != nil {
				t.Fatal(err)
			}
		}
	}
	for round := range 3 {
		say(fmt.Sprint("before ", round), 500)
		d.kill()
		say(fmt.Sprint("during ", round), 500)
		d = p.serve()
		say(fmt.Sprint("after ", round), 500)
	}
	conn.Close()
	if err := r.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	talked := <-said
	if err := r.Wait(); err != nil {
		t.Errorf("record: %v\n%s", err, talked)
	}
	content, err := os.ReadFile(filepath.Join(p.dir, "lines"))
	if err != nil || string(content) != strings.Join(want, "\n")+"\n" {
		t.Errorf("the file has %d octets, want %d: %v", len(content), len(strings.Join(want, "\n"))+1, err)
	}
	d.stop()
	var list []kept
	for _, k := range p.events() {
		if k.fields["_TRANSPORT"] == "record" {
			list = append(list, k)
		}
	}
	holds(t, list, want)
	if twice := len(list) - len(want); twice < 0 || twice > 3*1024 {
		t.Errorf("%d entries for %d lines", len(list), len(want))
	}
	for _, k := range list {
		if k.fields["_PID"] != "" || k.fields["_SOURCE_PORT"] == "" || k.fields["_BOOT_ID"] == "" {
			t.Fatalf("an entry about somebody else: %v", k.fields)
		}
	}
	p.verify()
}
