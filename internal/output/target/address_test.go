package target

import "testing"

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"udp://192.0.2.7": "udp://192.0.2.7:514", "tcp://[2001:db8::1]:601": "tcp://[2001:db8::1]:601",
		"tls://log.example": "tls://log.example:6514", "relp://log.example:2514": "relp://log.example:2514",
		"relp+tls://log.example:2514": "relp+tls://log.example:2514", "unix:///run/log": "unix:///run/log",
		"unixgram:///dev/log": "unixgram:///dev/log", "file:///var/log/messages": "file:///var/log/messages",
		"fifo:///run/p": "fifo:///run/p", "program:///usr/bin/x": "program:///usr/bin/x",
		"terminal:///dev/console": "terminal:///dev/console", "users:*": "users:*", "users:anna,bert": "users:anna,bert",
	} {
		a, err := Parse(text)
		if err != nil || a.String() != want {
			t.Errorf("%s: %s, %v", text, a, err)
		}
		_, err = a.Dialer(Options{})
		if (err != nil) != a.IsSecure() {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "log.example", "udp:log.example", "udp://", "udp://h:0", "udp://h:65536", "udp://h:x", "udp://h/x", "relp://h", "udp://a@h",
		"udp://h?x", "http://h", "file://x/y", "file:///", "file:///a/../b", "file:rel", "users:", "users:a,,b", "users:*,a", "udp://2001:db8::1", "tcp://::1:514", "unix://host", "%", "file:///a%zz"} {
		if a, err := Parse(text); err == nil {
			t.Errorf("%q was read as %s", text, a)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"udp://[::1%25lo]:1", "users:a", "file:///x", "relp+tls://h:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(a.String()); err == nil && again.String() != a.String() {
			t.Errorf("%q is %s, and that is %s", text, a, again)
		}
	})
}
