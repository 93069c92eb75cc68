package daemon

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/audit"
	auditslog "constat/audit/slog"
	"constat/internal/config"
)

// filters are settings of every kind, each as hostile to the journal audit as it can be, and which keys they try.
// KEYS are those of the YAML file; TestAuditFiltersAreAll checks that none is left out.
var filters = []struct{ keys, text string }{
	{"store origin listen", "listen: {}\norigin: other.example\n"},
	{"socket", "listen: {}\nsocket: DIR/elsewhere\n"},
	{"limits limits.rate limits.burst", "limits:\n  rate: 0.0001\n  burst: 0.0001\n"},
	{"limits.message", "limits:\n  message: 1\n"},
	{"limits.queue", "limits:\n  queue: 1MiB\n"},
	{"limits.connections", "limits:\n  connections: 1\n"},
	{"limits.receive_buffer", "limits:\n  receive_buffer: 1\n"},
	{"limits.frame_timeout limits.handshake_timeout", "limits:\n  frame_timeout: 1ms\n  handshake_timeout: 1ms\n"},
	{"", "rules:\n- journal: elsewhere\n  query: 'level:in(debug, info, warning, err)'\n- journal: system\n  query: 'cid:* OR op:*'\n"},
	{"", "rules:\n- journal: audit\n  query: '*'\n"},
	{"rules rules.selector rules.dialect rules.discard rules.to", "rules:\n- selector: '*.*'\n  dialect: bsd\n  discard: true\n"},
	{"rules.query rules.journal", "rules:\n- query: 'cid:*'\n  discard: true\n- query: '*'\n  journal: elsewhere\n- query: '*'\n  journal: audit\n"},
	{"retention retention.max_age retention.max_size retention.keep_free retention.floor",
		"retention:\n  max_age: 1h\n  max_size: 1\n  keep_free: 99%\n  floor: 1h\n"},
	{"retention.journals retention.journals.max_age retention.journals.max_size retention.journals.floor",
		"retention:\n  journals:\n    audit: {max_age: 1h, max_size: 1, floor: 30d}\n"},
	{"audit audit.file", "audit:\n  file: /proc/cannot/be/audit-pii.log\n"},
	{"http", "http: 127.0.0.1:0\n"},
	{"private private.fields private.journal private.tag", "private:\n- fields: [result, extra]\n  journal: audit\n  tag: daemon.test\n"},
	{"witnesses witnesses.vkey witnesses.url witnesses.journals witnesses.every",
		"witnesses:\n- vkey: other.example/witness+375bda94+BC1xFkK3JrBEAWJ8qfusMvXIUw+xkDzE2wIlhxeSGkiB\n  url: http://127.0.0.1:1\n  journals: [audit]\n  every: 1s\n"},
	{"witness witness.name witness.logs witness.logs.vkey witness.logs.origin",
		"http: 127.0.0.1:0\nwitness:\n  name: HOST/witness\n  logs:\n  - vkey: other.example/system+61a52ed2+AS1xFkK3JrBEAWJ8qfusMvXIUw+xkDzE2wIlhxeSGkiB\n    origin: other.example/system\n"},
	{"timestamp timestamp.url timestamp.every timestamp.journals", "timestamp:\n  url: http://127.0.0.1:1\n  every: 1m\n  journals: [audit]\n"},
	{"outputs outputs.name outputs.to outputs.journals outputs.select outputs.kinds outputs.from outputs.format outputs.private outputs.rate outputs.retry outputs.return outputs.timeout outputs.batch outputs.size outputs.framing outputs.window",
		"outputs:\n- name: hostile\n  to: ['udp://127.0.0.1:9', 'tcp://127.0.0.1:1', 'relp://127.0.0.1:1']\n  journals: [audit]\n  select: 'NOT *'\n  kinds: [seal]\n  from: start\n" +
			"  format: json\n  private: yes\n  rate: 0.01\n  retry: 1h\n  return: 1h\n  timeout: 1ms\n  batch: 1\n  size: 1\n  framing: lf\n  window: 1\n"},
	{"outputs.tls outputs.tls.certificate outputs.tls.key outputs.tls.ca outputs.tls.crl outputs.tls.names outputs.tls.common_name outputs.tls.fingerprints outputs.tls.anonymous",
		"outputs:\n- name: hostile\n  to: ['tls://127.0.0.1:1']\n  tls: {anonymous: yes, common_name: no, fingerprints: [], names: [], ca: '', crl: '', certificate: '', key: ''}\n"},
	{"outputs.args outputs.file outputs.file.owner outputs.file.group outputs.file.mode outputs.file.dir_mode outputs.file.sync outputs.file.rotate_size outputs.file.rotate_every outputs.file.keep",
		"outputs:\n- name: hostile\n  to: ['program:///bin/false', 'file:///proc/cannot/be']\n  args: [x]\n  file: {owner: root, group: root, mode: 0001, dir_mode: 0001, sync: no, rotate_size: 1, rotate_every: 1s, keep: 1}\n"},
	{"syslog_conf syslog_conf.file syslog_conf.dialect syslog_conf.journals syslog_conf.format syslog_conf.files syslog_conf.files.owner syslog_conf.files.group syslog_conf.files.mode syslog_conf.files.dir_mode syslog_conf.files.sync syslog_conf.files.rotate_size syslog_conf.files.rotate_every syslog_conf.files.keep",
		"syslog_conf:\n  file: DIR/syslog.conf\n  dialect: bsd\n  journals: [audit]\n  format: json\n  files: {owner: root, group: root, mode: 0001, dir_mode: 0001, sync: no, rotate_size: 1, rotate_every: 1s, keep: 1}\n"},
	{"syslog_conf.tls syslog_conf.tls.certificate syslog_conf.tls.key syslog_conf.tls.ca syslog_conf.tls.crl syslog_conf.tls.names syslog_conf.tls.common_name syslog_conf.tls.fingerprints syslog_conf.tls.anonymous statistics",
		"syslog_conf:\n  file: DIR/syslog.conf\n  tls: {anonymous: yes, common_name: no, fingerprints: [], names: [], ca: '', crl: '', certificate: '', key: ''}\nstatistics: 1ms\n"},
	{"convert", "convert: never\nretention:\n  max_size: 1\n"},
	{"user group", "user: root\ngroup: root\n"},
	{"limits.connections_per_address", "limits:\n  connections_per_address: 1\n"},
	{"listen.allow listen.deny", "listen:\n  tcp: ['127.0.0.1:0']\n  allow: [192.0.2.0/24]\n  deny: ['0.0.0.0/0', '::/0']\n"},
	{"listen.relp listen.relp.address listen.relp.oversize listen.relp.allow listen.relp.deny",
		"listen:\n  relp:\n  - address: 127.0.0.1:0\n    oversize: cut\n    allow: [192.0.2.0/24]\n    deny: [127.0.0.0/8]\n"},
	{"listen.tls listen.tls.address listen.tls.tls listen.tls.allow listen.tls.deny listen.tls.tls.certificate listen.tls.tls.key " +
		"listen.tls.tls.ca listen.tls.tls.crl listen.tls.tls.names listen.tls.tls.common_name",
		"listen:\n  tls:\n  - address: 127.0.0.1:0\n    tls: {certificate: DIR/server.pem, key: DIR/server.key, ca: DIR/ca.pem, names: [a.test], common_name: true}\n" +
			"    allow: [192.0.2.0/24]\n    deny: [127.0.0.0/8]\n"},
	{"listen.tls.tls.anonymous", "listen:\n  tls:\n  - address: 127.0.0.1:0\n    tls: {certificate: DIR/server.pem, key: DIR/server.key, anonymous: true}\n"},
	{"listen.relp.tls listen.relp.tls.certificate listen.relp.tls.key listen.relp.tls.ca listen.relp.tls.crl listen.relp.tls.names listen.relp.tls.common_name " +
		"listen.relp.tls.anonymous listen.relp.tls.fingerprints listen.tls.tls.fingerprints",
		"listen:\n  relp:\n  - address: 127.0.0.1:0\n    tls: {certificate: DIR/server.pem, key: DIR/server.key, " +
			"fingerprints: ['sha-1:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33']}\n"},
	{"listen.beep listen.beep.address listen.beep.allow listen.beep.deny",
		"listen:\n  beep:\n  - address: 127.0.0.1:0\n    allow: [192.0.2.0/24]\n    deny: [127.0.0.0/8]\n"},
	{"listen.beep.tls listen.beep.tls.certificate listen.beep.tls.key listen.beep.tls.ca listen.beep.tls.crl listen.beep.tls.names listen.beep.tls.common_name " +
		"listen.beep.tls.anonymous listen.beep.tls.fingerprints listen.beep.starttls",
		"listen:\n  beep:\n  - address: 127.0.0.1:0\n    tls: {certificate: DIR/server.pem, key: DIR/server.key, " +
			"fingerprints: ['sha-1:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33']}\n    starttls: true\n"},
	{"listen.files listen.files.path listen.files.format listen.files.from", "listen:\n  files:\n  - {path: DIR/app.log, format: syslog, from: end}\n  - {path: 'DIR/*'}\n"},
	{"listen.pipes listen.pipes.path listen.pipes.format", "listen:\n  pipes:\n  - {path: DIR/pipe, format: text}\n"},
	{"listen.kernel", "listen:\n  kernel: /dev/null\n"}, // which says nothing, and needs no root
	{"listen.mqtt listen.mqtt.broker listen.mqtt.topics listen.mqtt.qos listen.mqtt.client_id listen.mqtt.user listen.mqtt.password_file",
		"listen:\n  mqtt:\n  - broker: tcp://127.0.0.1:1\n    topics: ['#']\n    qos: 0\n    client_id: a\n    user: a\n    password_file: DIR/constat.yaml\n"},
	{"listen.mqtt.tls listen.mqtt.tls.certificate listen.mqtt.tls.key listen.mqtt.tls.ca listen.mqtt.tls.crl listen.mqtt.tls.names listen.mqtt.tls.common_name " +
		"listen.mqtt.tls.anonymous listen.mqtt.tls.fingerprints",
		"listen:\n  mqtt:\n  - broker: tls://127.0.0.1:1\n    tls: {certificate: DIR/server.pem, key: DIR/server.key, ca: DIR/ca.pem, names: [a.test]}\n"},
	{"listen.udp listen.tcp listen.datagram listen.stream listen.xen",
		"listen:\n  udp: ['127.0.0.1:0']\n  tcp: ['127.0.0.1:0']\n  datagram: [DIR/l]\n  stream: [DIR/s]\n  xen: [DIR]\n"},
}

// refusals are settings that would switch it off or thin it out, if they were settings.
var refusals = []string{
	"audit: off\n", "audit:\n  enabled: false\n", "audit:\n  level: error\n", "audit:\n  rate: 1\n",
	"retention:\n  journals:\n    audit: {floor: 29d}\n", "retention:\n  journals:\n    audit: {floor: 1h, max_size: 1}\n",
	"rules:\n- journal: 'off'\n  query: 'journal:audit'\n", "rules:\n- journal: \"\"\n  query: '*'\n",
}

// TestNothingFiltersAudit: every setting is tried from the start and by SIGHUP, and what can be done by hand; all
// entries of all levels are there afterwards.
func TestNothingFiltersAudit(t *testing.T) {
	p := newPlace(t, "http: off\nlisten: {}\n")
	if err := os.WriteFile(filepath.Join(p.dir, "syslog.conf"), []byte("*.* ~\n*.* /proc/cannot/be\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.pki()
	reloaded := p.serve()
	wanted := 0
	for _, f := range filters {
		if strings.Contains(f.keys, "user") && os.Geteuid() != 0 {
			continue
		}
		p.configure(quiet(f.text))
		before := reloaded.errs.String()
		reloaded.signal(syscall.SIGHUP)
		p.until("the configuration was read", func() bool {
			return strings.Contains(strings.TrimPrefix(reloaded.errs.String(), before), "configuration ")
		})
		wanted += p.auditAll(t, f.text+" by SIGHUP")
	}
	reloaded.stop()
	for _, f := range filters {
		if strings.Contains(f.keys, "user") && os.Geteuid() != 0 {
			continue
		}
		p.configure(quiet(f.text))
		d := p.serve()
		wanted += p.auditAll(t, f.text)
		p.thinOut()
		d.stop()
	}
	p.configure("http: off\nlisten: {}\n")
	d := p.serve()
	p.thinOut()
	d.stop()
	p.checkAudited(t, wanted)
	for _, text := range refusals {
		p.configure(text)
		p.refused(t, text)
	}
}

// refused wants the daemon not to start.
func (p *place) refused(t *testing.T, what string) {
	t.Helper()
	c := p.command("serve", "--config", p.file)
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	started := time.AfterFunc(patience, func() { c.Process.Kill() })
	err := c.Wait()
	if !started.Stop() || exitCode(err) <= 0 || !strings.Contains(errs.String(), p.file) {
		t.Errorf("%q: %v %s", what, err, &errs)
	}
}

// quiet is a configuration that takes no port that it does not name.
func quiet(text string) string {
	for _, key := range []string{"http: off\n", "listen: {}\n"} {
		if name, _, _ := strings.Cut(key, " "); !strings.Contains("\n"+text, "\n"+name) {
			text += key
		}
	}
	host, _ := os.Hostname() // which is the origin of the store
	return strings.ReplaceAll(text, "HOST", host)
}

// thinOut tries by hand to remove what is there.
func (p *place) thinOut() {
	p.run("rotate")
	for _, args := range [][]string{{}, {"--journal", "audit", "--max-size", "1"}, {"--journal", "audit", "--older-than", "1h"}, {"--max-size", "1"}} {
		if out, errs, err := p.try(append([]string{"vacuum"}, args...)...); exitCode(err) == 2 { // else it may say that the floor holds
			p.t.Errorf("vacuum %q: %v %s%s", args, err, out, errs)
		}
	}
}

// auditAll writes entries of all levels, by the client and by log/slog, in a burst.
func (p *place) auditAll(t *testing.T, what string) (n int) {
	t.Helper()
	c := &audit.Client{Store: p.store}
	for level := range audit.Level(8) {
		for range 3 {
			if err := c.Log(t.Context(), level, what, "op"); err != nil {
				t.Errorf("%s: level %d: %v", what, level, err)
			}
			n++
		}
	}
	log := slog.New(auditslog.New(auditslog.Options{Client: c, Failed: func(err error) { t.Errorf("%s: %v", what, err) }}))
	for _, level := range []slog.Level{-1000, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		log.Log(t.Context(), level, "op", "cid", what)
		n++
	}
	return n
}

// checkAudited wants so many entries in the journal audit, of each setting equally many.
func (p *place) checkAudited(t *testing.T, wanted int) {
	t.Helper()
	found := map[string]int{}
	n := 0
	for _, k := range p.all("audit") {
		if k.fields["op"] == "op" {
			found[k.fields["cid"]]++
			n++
		}
	}
	if n != wanted {
		t.Errorf("%d entries, want %d; by setting %v", n, wanted, found)
	}
	if pruned, err := filepath.Glob(filepath.Join(p.store, "audit", "*.kept")); err != nil || len(pruned) > 0 {
		t.Errorf("pruned: %v %v", pruned, err)
	}
	p.verify()
}

// TestAuditFiltersAreAll: whoever adds a setting has to try here whether it keeps something out of the journal audit.
func TestAuditFiltersAreAll(t *testing.T) {
	tried := strings.Fields(keysTriedVolatile)
	for _, f := range filters {
		tried = append(tried, strings.Fields(f.keys)...)
	}
	for _, key := range keysOf(reflect.TypeFor[config.Config](), "") {
		if !slices.Contains(tried, key) {
			t.Errorf("setting %s: try in filters whether it keeps entries out of the journal audit", key)
		}
	}
}

// keysOf lists the keys of a struct of the configuration and of all structs in it.
func keysOf(s reflect.Type, prefix string) (keys []string) {
	for s.Kind() == reflect.Pointer || s.Kind() == reflect.Slice || s.Kind() == reflect.Map {
		s = s.Elem()
	}
	if s.Kind() != reflect.Struct {
		return nil
	}
	for i := range s.NumField() {
		name, found := s.Field(i).Tag.Lookup("yaml")
		if !found {
			continue
		}
		keys = append(keys, prefix+name)
		keys = append(keys, keysOf(s.Field(i).Type, prefix+name+".")...)
	}
	return keys
}
