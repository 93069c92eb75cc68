package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSyslogConfRELP: the omrelp of an rsyslog.conf sends by RELP, as rsyslog writes by default.
func TestSyslogConfRELP(t *testing.T) {
	server := newPlace(t, "http: off\nlisten:\n  relp: [{address: '127.0.0.1:0'}]\n")
	s := server.serve()
	host, port, _ := strings.Cut(server.address("relp"), ":")
	p := newPlace(t, "http: off\nlisten:\n  tcp: ['127.0.0.1:0']\nsyslog_conf:\n  file: DIR/rsyslog.conf\n")
	conf := "mail.* action(type=\"omrelp\" target=\"" + host + "\" port=\"" + port + "\" action.resumeRetryCount=\"-1\")\n"
	if err := os.WriteFile(filepath.Join(p.dir, "rsyslog.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	d := p.serve()
	p.send("tcp", "<22>Oct 11 22:14:15 web1 postfix[7]: by relp\n", "<14>Oct 11 22:14:15 web1 app: not selected\n")
	got := server.arrived(1)[0]
	if got.fields["MESSAGE"] != "by relp" || got.fields["HOSTNAME"] != "web1" || got.fields["_TRANSPORT"] != "syslog-relp" || got.fields["SYSLOG_FACILITY"] != "2" {
		t.Errorf("arrived as %v", got.fields)
	}
	d.stop()
	s.stop()
	p.verify()
	server.verify()
}
