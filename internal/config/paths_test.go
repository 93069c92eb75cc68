package config

import (
	"strings"
	"testing"
)

// TestRelativePaths: a path never depends on where the daemon was started, whatever key it is the value of.
func TestRelativePaths(t *testing.T) {
	const tls = "tls: {certificate: CERT, key: KEY, ca: CA, crl: CRL}"
	for text, keys := range map[string]string{
		"store: PATH\n":  "store",
		"socket: PATH\n": "socket",
		"listen:\n  datagram: [PATH]\n  stream: [PATH]\n":                                                  "listen.datagram[0] listen.stream[0]",
		"listen:\n  xen: [PATH]\n  kernel: PATH\n":                                                         "listen.xen[0] listen.kernel",
		"listen:\n  files: [path: PATH]\n  pipes: [path: PATH]\n":                                          "listen.files[0].path listen.pipes[0].path",
		"listen:\n  files: [path: 'PATH*']\n":                                                              "listen.files[0].path",
		"listen:\n  tls:\n  - address: :1\n    " + tls + "\n":                                              "listen.tls[0].tls.certificate listen.tls[0].tls.key listen.tls[0].tls.ca listen.tls[0].tls.crl",
		"listen:\n  relp:\n  - address: :1\n    " + tls + "\n":                                             "listen.relp[0].tls.certificate listen.relp[0].tls.key listen.relp[0].tls.ca listen.relp[0].tls.crl",
		"listen:\n  beep:\n  - address: :1\n    " + tls + "\n":                                             "listen.beep[0].tls.certificate listen.beep[0].tls.key listen.beep[0].tls.ca listen.beep[0].tls.crl",
		"listen:\n  mqtt:\n  - broker: 'tls://a'\n    topics: [a]\n    " + tls + "\n":                      "listen.mqtt[0].tls.certificate listen.mqtt[0].tls.key listen.mqtt[0].tls.ca listen.mqtt[0].tls.crl",
		"listen:\n  mqtt:\n  - broker: 'tcp://a'\n    topics: [a]\n    user: a\n    password_file: PATH\n": "listen.mqtt[0].password_file",
		"outputs:\n- to: ['tls://a:1']\n  " + tls + "\n":                                                   "outputs[0].tls.certificate outputs[0].tls.key outputs[0].tls.ca outputs[0].tls.crl",
		"outputs:\n- name: a\n  to: ['file://PATH']\n":                                                     "outputs[0].to[0]",
		"syslog_conf:\n  file: PATH\n  " + tls + "\n":                                                      "syslog_conf.file syslog_conf.tls.certificate syslog_conf.tls.key syslog_conf.tls.ca syslog_conf.tls.crl",
		"audit:\n  file: PATH\n":                                                                           "audit.file",
		"volatile:\n  key: PATH\n":                                                                         "volatile.key",
	} {
		text = strings.NewReplacer("PATH", "etc/x", "CERT", "server.pem", "KEY", "./server.key", "CA", "../ca.pem", "CRL", "ca.crl").Replace(text)
		_, err := Read(write(t, text))
		for _, key := range strings.Fields(keys) {
			if err == nil || !strings.Contains(err.Error(), " "+key+": ") || !strings.Contains(err.Error(), "absolute path") {
				t.Errorf("%q: %v; want an error about %s", text, err, key)
			}
		}
	}
}
