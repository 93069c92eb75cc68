package daemon

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"constat/entry"
	"constat/internal/input/mqtt/mqtttest"
	"constat/internal/tlsconf/tlstest"
)

const eventsTopic = "system/events/info"

// subscribed is the configuration of a daemon that listens to a broker only.
func subscribed(b *mqtttest.Broker, more string) string {
	return "http: off\nlisten:\n  mqtt:\n  - broker: " + b.URL() + "\n" + more
}

// published are payloads of one sender.
func published(sender string, n int) (list []string) {
	for i := range n {
		list = append(list, mqtttest.Event(fmt.Sprintf("%s %d", sender, i)))
	}
	return list
}

// tally is what became of payloads.
type tally struct {
	kept     map[string]int
	flagged  int // as duplicates by the broker
	twice    int // that are there more than once
	lost     map[string]int
	messages int
}

func (p *place) tally() tally {
	p.t.Helper()
	return tallyOf(p.t, p.all("system"))
}

func tallyOf(t testing.TB, all []kept) (n tally) {
	t.Helper()
	n.kept, n.lost = map[string]int{}, lostIn(t, all)
	for _, k := range all {
		if k.kind != entry.Event {
			continue
		}
		n.messages++
		if n.kept[k.octets]++; n.kept[k.octets] > 1 {
			n.twice++
		}
		if k.fields["_MQTT_DUPLICATE"] != "" {
			n.flagged++
		}
	}
	return n
}

// missing is how many of the payloads are not there.
func (n tally) missing(payloads []string) (missing int) {
	for _, p := range payloads {
		if n.kept[p] == 0 {
			missing++
		}
	}
	return missing
}

// untilKept waits until all of the payloads are there.
func (p *place) untilKept(payloads []string) {
	p.t.Helper()
	p.untilWithin(2*patience, "all messages", func() bool { return p.tally().missing(payloads) == 0 })
}

// TestMQTTPublishers: 2,000 messages of two programs at QoS 0 and 1 are there, each once, with what is known of them, and come back
// byte for byte.
func TestMQTTPublishers(t *testing.T) {
	b := mqtttest.Start(t)
	p := newPlace(t, subscribed(b, ""))
	d := p.serve()
	p.until("subscribed", func() bool { return b.Subscribed() == 1 })
	client := b.Client("publisher")
	var all []string
	for qos := range 2 {
		tool, library := published(fmt.Sprint("mosquitto_pub ", qos), 500), published(fmt.Sprint("paho ", qos), 500)
		b.Pub(eventsTopic, qos, tool)
		b.Publish(client, eventsTopic, byte(qos), library)
		all = slices.Concat(all, tool, library)
	}
	b.Pub("system/events/error", 1, []string{"no object", `{"disk": "KEY", "filepath": "/a", "error": "gone"}`})
	p.untilKept(append(all, "no object"))
	if n := p.tally(); n.messages != 2002 || n.twice > 0 || len(n.lost) > 0 {
		t.Errorf("%d messages, %d twice, lost %v", n.messages, n.twice, n.lost)
	}
	d.stop()
	for _, k := range p.events() {
		got := fmt.Sprint(k.fields["HOSTNAME"], " ", k.fields["SYSLOG_IDENTIFIER"], " ", k.fields["PRIORITY"], " ", k.fields["MQTT_TOPIC"],
			" ", k.fields["_FRAMING"], " ", k.fields["_TRANSPORT"], " ", k.fields["_BROKER"], k.fields["_RAW"])
		want := "vm-sys-usb UsbDaemon 6 system/events/info  mqtt " + b.URL()
		switch k.octets {
		case "no object":
			want = "  3 system/events/error broken payload mqtt " + b.URL()
		case `{"disk": "KEY", "filepath": "/a", "error": "gone"}`:
			want = "  3 system/events/error  mqtt " + b.URL()
		}
		if got != want {
			t.Fatalf("%s: %s, want %s", k.octets, got, want)
		}
	}
	raw := strings.Split(strings.TrimSuffix(p.run("show", "-o", "raw", "host:vm-sys-usb"), "\n"), "\n")
	slices.Sort(raw)
	slices.Sort(all)
	if !slices.Equal(raw, all) {
		t.Errorf("show -o raw: %d payloads, want the %d that were published", len(raw), len(all))
	}
	p.verify()
}

// TestMQTTKilled: the daemon is killed, again and again, while messages of QoS 1 come. None is missing, and what is there twice
// is flagged.
func TestMQTTKilled(t *testing.T) {
	total, kills := 2000, 3
	if long() {
		total, kills = 20_000, 30
	}
	b := mqtttest.Start(t)
	p := newPlace(t, subscribed(b, ""))
	d := p.serve()
	p.until("subscribed", func() bool { return b.Subscribed() == 1 })
	client := b.Client("publisher")
	all := published("killed", total)
	for n := range kills + 1 {
		part := all[n*total/(kills+1) : (n+1)*total/(kills+1)]
		sent := make(chan struct{})
		go func() { defer close(sent); b.Publish(client, eventsTopic, 1, part) }()
		if n < kills {
			p.untilWithin(2*patience, "some of them", func() bool { return p.tally().missing(part) < len(part) })
			d.kill()
		}
		<-sent
		if n < kills {
			d = p.serve()
		}
	}
	p.untilKept(all)
	d.stop()
	n := p.tally()
	t.Logf("%d messages, killed %d times: %d are there twice, %d were sent again", total, kills, n.twice, n.flagged)
	if n.missing(all) > 0 || n.twice > n.flagged || n.messages != total+n.twice || len(n.lost) > 0 {
		t.Errorf("%d missing, %d of %d twice, lost %v", n.missing(all), n.twice, n.messages, n.lost)
	}
	p.verify()
}

// TestMQTTBrokerEnds: the broker is stopped while messages of QoS 1 come, and killed when all are there; what was published while the
// daemon was away comes too. A broker that is killed begins again with what it wrote down last.
func TestMQTTBrokerEnds(t *testing.T) {
	b := mqtttest.Start(t)
	p := newPlace(t, subscribed(b, ""))
	d := p.serve()
	p.until("subscribed", func() bool { return b.Subscribed() == 1 })
	client := b.Client("publisher")
	first, away, last := published("first", 1000), published("away", 500), published("last", 500)
	sent := make(chan struct{})
	go func() { defer close(sent); b.Publish(client, eventsTopic, 1, first) }()
	p.until("some of them", func() bool { return p.tally().missing(first) < len(first) })
	b.Stop()
	b.Run()
	<-sent
	p.untilKept(first)
	d.stop()
	b.Publish(client, eventsTopic, 1, away)
	b.Stop() // it writes down what it keeps for the daemon
	b.Run()
	d = p.serve()
	p.untilKept(away)
	b.Kill()
	greeted := b.Greeted()
	b.Run() // with what it wrote down last: some comes again
	p.until("connected again", func() bool { return b.Greeted() > greeted })
	b.Publish(client, eventsTopic, 1, last)
	all := slices.Concat(first, away, last)
	p.untilKept(all)
	d.stop()
	n := p.tally()
	t.Logf("%d messages: %d are there twice, %d were sent again, lost %v", len(all), n.twice, n.flagged, n.lost)
	if n.missing(all) > 0 || n.messages != len(all)+n.twice {
		t.Errorf("%d missing, %d of %d twice", n.missing(all), n.twice, n.messages)
	}
	p.verify()
}

// TestMQTTAwayAtQoS0: a broker that is told to keeps messages of QoS 0, as the programs of a station publish them, while the daemon is
// away. When the connection breaks the journal says that some may be missing.
func TestMQTTAwayAtQoS0(t *testing.T) {
	b := mqtttest.Start(t, "queue_qos0_messages true")
	p := newPlace(t, subscribed(b, ""))
	d := p.serve()
	p.until("subscribed", func() bool { return b.Subscribed() == 1 })
	d.stop()
	list := published("away", 100)
	b.Pub(eventsTopic, 0, list)
	d = p.serve()
	p.untilKept(list)
	b.Stop()
	p.until("a loss entry", func() bool { return p.tally().lost["not connected, perhaps messages"] == 1 })
	d.stop()
	if n := p.tally(); n.messages != len(list) || len(n.lost) != 1 {
		t.Errorf("%d messages, lost %v", n.messages, n.lost)
	}
	p.verify()
}

// TestMQTTFullDisk: with a full disk nothing is acknowledged and nothing lost; with room again everything is kept.
func TestMQTTFullDisk(t *testing.T) {
	b := mqtttest.Start(t)
	p := newPlace(t, subscribed(b, "limits:\n  queue: 1MiB\n"))
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	p.until("subscribed", func() bool { return b.Subscribed() == 1 })
	disk.SetCapacity(disk.Used() + 8<<20 + 5_000)
	list := published("full", 5000)
	b.Publish(b.Client("publisher"), eventsTopic, 1, list)
	p.until("the disk is full", func() bool { return logTo(p.endpoints().Socket, "system", "refused, perhaps") != nil })
	disk.SetCapacity(-1)
	p.untilWithin(2*patience, "all messages", func() bool { return tallyOf(t, entriesOf(t, disk, p.store, "system")).missing(list) == 0 })
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	var messages []string
	for i := range list {
		messages = append(messages, fmt.Sprint("full ", i))
	}
	if lost := lostIn(t, entriesOf(t, disk, p.store, "system")); len(lost) > 0 {
		t.Errorf("lost %v", lost)
	}
	d.sound(t, disk.Crash(nil), map[string][]string{"system": messages})
}

// TestMQTTSecure: over TLS with a user and a password, and over a Unix socket. A wrong password and an authority that did not
// sign keep the daemon out, which it says.
func TestMQTTSecure(t *testing.T) {
	dir := t.TempDir()
	pair := tlstest.New(t, dir, "ca").Issue("broker", []string{"127.0.0.1"}, nil)
	tlstest.New(t, dir, "other")
	users := filepath.Join(dir, "users")
	if out, err := exec.Command(tool(t, "mosquitto_passwd"), "-c", "-b", users, "constat", "secret").CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_passwd: %v %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secure := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(secure)
	b := mqtttest.Start(t, "allow_anonymous false", "password_file "+users, "listener 0 DIR/sock",
		"listener "+port+" 127.0.0.1", "certfile "+pair.Certificate, "keyfile "+pair.Key)
	for name, password := range map[string]string{"good": "secret\n", "bad": "wrong\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	over := func(broker, file, tls string) string {
		return fmt.Sprintf("http: off\nlisten:\n  mqtt:\n  - broker: %s\n    user: constat\n    password_file: %s/%s\n    %s\n", broker, dir, file, tls)
	}
	p := newPlace(t, over("tls://"+secure, "good", "tls: {ca: "+dir+"/ca.pem}"))
	d := p.serve()
	p.until("subscribed", func() bool { return b.Subscribed() == 1 })
	payload := published("secure", 2)
	b.Pub(eventsTopic, 1, payload[:1], "-u", "constat", "-P", "secret")
	p.untilKept(payload[:1])
	d.stop()
	p.configure(over("unix://"+b.Dir()+"/sock", "good", ""))
	d = p.serve()
	b.Pub(eventsTopic, 1, payload[1:], "-u", "constat", "-P", "secret")
	p.untilKept(payload)
	d.stop()
	for _, c := range []struct{ text, want string }{
		{over("tls://"+secure, "bad", "tls: {ca: "+dir+"/ca.pem}"), "not Authorized"},
		{over("tls://"+secure, "good", "tls: {ca: "+dir+"/other.pem}"), "authority"},
	} {
		p.configure(c.text)
		d = p.serve()
		p.until(c.want, func() bool { return strings.Contains(strings.ToLower(d.errs.String()), strings.ToLower(c.want)) })
		d.stop()
	}
	p.verify()
}

// TestMQTTReload: SIGHUP adds a broker; what a broker is asked for needs a restart.
func TestMQTTReload(t *testing.T) {
	b := mqtttest.Start(t)
	p := newPlace(t, "http: off\nlisten: {}\n")
	d := p.serve()
	p.configure(subscribed(b, ""))
	d.hup()
	p.until("subscribed", func() bool { return b.Subscribed() == 1 })
	p.configure(subscribed(b, "    qos: 0\n"))
	d.hup()
	p.until("refused", func() bool { return strings.Contains(d.errs.String(), "listen.mqtt of "+b.URL()+" cannot be changed") })
	p.configure("http: off\nlisten: {}\n")
	d.hup()
	p.until("gone", func() bool { return strings.Contains(b.Log(), "Received DISCONNECT from constat-") })
	d.stop()
	p.verify()
}

func (d *process) hup() {
	d.t.Helper()
	before := len(d.errs.String())
	d.signal(syscall.SIGHUP)
	d.until("the configuration was read", func() bool { return strings.Contains(d.errs.String()[before:], "configuration ") })
}
