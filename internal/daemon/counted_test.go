package daemon

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// TestReceivedByInput: metrics and statistics say what each input received, also after a change of the configuration.
func TestReceivedByInput(t *testing.T) {
	configuration := "http: 127.0.0.1:0\nlisten:\n  udp: ['127.0.0.1:0']\n  tcp: ['127.0.0.1:0']\n  files: [{path: DIR/app.log}]\nstatistics: 1s\n"
	p := newPlace(t, configuration)
	d := p.serve()
	p.send("tcp", "<13>one\n", "<13>three\n")
	p.add("app.log", "a line\n")
	p.configure(configuration + "limits: {rate: 1000000}\n")
	d.signal(syscall.SIGHUP)
	p.until("the change", func() bool { return strings.Contains(d.errs.String(), "configuration changed") })
	p.send("udp", "<13>datagram")
	all := ""
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("all that is there:\n%s", all)
		}
	})
	p.until("all messages", func() bool {
		all = p.run("show")
		return strings.Contains(all, "three") && strings.Contains(all, "a line") && strings.Contains(all, "datagram")
	})
	wants := map[string][2]int{"tcp " + p.address("tcp"): {2, 16}, "udp " + p.address("udp"): {1, 12}, "file " + p.dir + "/app.log": {1, 6}}
	response, err := http.Get(p.endpoints().HTTP + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	metrics, err := io.ReadAll(response.Body)
	for name, want := range wants {
		for what, n := range map[string]int{"messages": want[0], "octets": want[1]} {
			if line := fmt.Sprintf("constat_input_%s_total{input=%q} %d\n", what, name, n); !strings.Contains(string(metrics), line) {
				t.Errorf("no %s in the metrics %v", line, err)
			}
		}
		text := fmt.Sprintf("input %s: received %d messages of %d octets", name, want[0], want[1])
		p.until(text, func() bool { return strings.Contains(p.run("show", "app:constat"), text) })
	}
	d.stop()
	p.verify()
}
