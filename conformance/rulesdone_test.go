package conformance

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRulesTestedAsDone: "rules test" says where messages go, and the daemon writes them there and nowhere else, by statements
// that are made at random, and by names of files that messages make.
func TestRulesTestedAsDone(t *testing.T) {
	for seed := range uint64(2) {
		dir := t.TempDir()
		s := statements{conditions{rand.New(rand.NewPCG(seed, 5848))}, dir, 0}
		rules := fmt.Sprintf("$template Host,%q\n*.*;kern.none ?Host\nmail,auth.info ?Host\n", dir+"/h-%HOSTNAME%-%programname%-%syslogseverity-text%-%syslogtag:::secpath-replace%")
		for range 12 {
			rules += s.filtered(2)
		}
		messages := someMessages()
		for _, tag := range []string{"../../x", "..", "a/../b[9]"} {
			messages = append(messages, fmt.Sprintf("<13>Oct 11 22:14:15 web1 %s: foo of bar m%d.", tag, len(messages)))
		}
		messages = append(messages, fmt.Sprintf("<13>1 2026-10-11T22:14:15Z ../../up ../app 7 - - foo of bar m%d.", len(messages)))
		next := testedByUs(t, t.TempDir(), rules, messages)
		want, files := map[string][]string{}, 0
		for _, message := range messages {
			targets := slices.DeleteFunc(next(), func(name string) bool { return name == "" }) // of stop
			slices.Sort(targets)
			want[message[strings.LastIndexByte(message, ' '):]] = slices.Compact(targets) // a file has a message once
			files += len(targets)
		}
		conf := filepath.Join(t.TempDir(), "syslog.conf")
		if err := os.WriteFile(conf, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		d := serve(t, "http: off\nlisten:\n  tcp: ['127.0.0.1:0']\nsyslog_conf:\n  file: "+conf+"\n")
		conn, err := net.Dial("tcp", d.address(t, "tcp"))
		if err == nil {
			_, err = conn.Write([]byte(strings.Join(messages, "\n") + "\n"))
		}
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		wrong := ""
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if wrong = otherwise(want, writtenTo(t, dir)); wrong == "" {
				break
			}
		}
		if wrong != "" || files < 3*len(messages) {
			t.Errorf("%d files; %s\n%s", files, wrong, rules)
		}
	}
}

// otherwise says which message is in other files than it should be.
func otherwise(want, got map[string][]string) string {
	for mark, files := range want {
		if list := got[mark]; !slices.Equal(files, list) {
			return fmt.Sprintf("%s is to be in\n%s and is in\n%s", mark, files, list)
		}
	}
	return ""
}
