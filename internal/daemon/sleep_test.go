package daemon

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=DIR/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow receive_type="signal"/><allow receive_type="method_call"/>
<allow receive_requested_reply="true" receive_type="method_return"/></policy></busconfig>
`

// bus starts a dbus-daemon of its own.
func (p *place) bus() (address string) {
	p.t.Helper()
	exe, err := exec.LookPath("dbus-daemon")
	if err != nil {
		p.t.Skipf("no dbus-daemon: %v", err)
	}
	file := filepath.Join(p.dir, "bus.conf")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(busConfig, "DIR", p.dir)), 0o644); err != nil {
		p.t.Fatal(err)
	}
	c := exec.Command(exe, "--nofork", "--nosyslog", "--config-file="+file)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	p.until("a bus", func() bool { _, err := os.Stat(filepath.Join(p.dir, "bus")); return err == nil })
	return "unix:path=" + p.dir + "/bus"
}

// login1 is a logind that knows how to wait with sleeping, and no more.
type login1 struct {
	t      *testing.T
	conn   *dbus.Conn
	delays chan delay
}

// delay is somebody who wants to be waited for, until released can be read to its end.
type delay struct {
	what, who, mode string
	sender          dbus.Sender
	released        *os.File
}

// Inhibit is called over the bus.
func (l *login1) Inhibit(what, who, why, mode string, sender dbus.Sender) (dbus.UnixFD, *dbus.Error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	l.delays <- delay{what, who, mode, sender, r}
	fd := dbus.UnixFD(w.Fd())
	time.AfterFunc(700*time.Millisecond, func() { w.Close() }) // ours: the message has a copy by then
	return fd, nil
}

func dial(t *testing.T, address string) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func newLogin1(t *testing.T, address string) *login1 {
	t.Helper()
	l := &login1{t: t, conn: dial(t, address), delays: make(chan delay, 10)}
	if err := l.conn.Export(l, "/org/freedesktop/login1", "org.freedesktop.login1.Manager"); err != nil {
		t.Fatal(err)
	}
	if reply, err := l.conn.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return l
}

func (l *login1) prepare(before bool) {
	l.t.Helper()
	if err := l.conn.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", before); err != nil {
		l.t.Fatal(err)
	}
}

// waited wants somebody to ask to be waited for.
func (l *login1) waited() delay {
	l.t.Helper()
	select {
	case d := <-l.delays:
		if d.what != "sleep" || d.who != "constat" || d.mode != "delay" {
			l.t.Errorf("inhibits %+v", d)
		}
		return d
	case <-time.After(patience):
		l.t.Fatal("nobody asks to wait with sleeping")
		panic("unreachable")
	}
}

// gone waits until it lets the machine sleep.
func (d delay) gone(t *testing.T) {
	t.Helper()
	d.released.SetReadDeadline(time.Now().Add(patience))
	if n, err := d.released.Read(make([]byte, 1)); n != 0 || err == nil || os.IsTimeout(err) {
		t.Errorf("the machine is kept from sleeping: %d %v", n, err)
	}
	d.released.Close()
}

// TestSealsAroundSleep: logind says that the machine goes to sleep, which waits until that is sealed, and that it is awake.
// Whoever else says the same is not believed. Verifying finds no unclean stop.
func TestSealsAroundSleep(t *testing.T) {
	p := newPlace(t, everything)
	address := p.bus()
	code := p.make()
	logind, impostor := newLogin1(t, address), dial(t, address)
	d := p.serve(func(c *exec.Cmd) { c.Env = append(c.Env, "DBUS_SYSTEM_BUS_ADDRESS="+address) })
	p.until("a boot seal", func() bool { return len(p.seals()) == 1 })
	want := []string{"boot"}
	for n := range 2 {
		held := logind.waited()
		pretend(t, impostor, held.sender)
		logind.prepare(true)
		held.gone(t)
		if want = append(want, "suspend"); !slices.Equal(reasons(p.seals()), want) {
			t.Fatalf("before sleep: %q, want %q", reasons(p.seals()), want)
		}
		p.send("unixgram", fmt.Sprintf("<10>late: critical %d", n))
		logind.prepare(false)
		want = append(want, "resume")
		p.until("a resume seal", func() bool { return len(p.seals()) >= len(want) })
	}
	logind.waited()
	d.stop()
	if got := reasons(p.seals()); !slices.Equal(got, append(want, "stop")) {
		t.Errorf("seals %q, want %q", got, want)
	}
	p.noUnclean(code)
}

// pretend says what logind says, to all and to one.
func pretend(t *testing.T, conn *dbus.Conn, to dbus.Sender) {
	t.Helper()
	const path, manager = "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
	if err := conn.Emit(path, manager+".PrepareForSleep", true); err != nil {
		t.Fatal(err)
	}
	m := dbus.Message{Type: dbus.TypeSignal, Body: []any{true}, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath(path)), dbus.FieldInterface: dbus.MakeVariant(manager),
		dbus.FieldMember: dbus.MakeVariant("PrepareForSleep"), dbus.FieldDestination: dbus.MakeVariant(string(to)),
		dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(true))}}
	if call := conn.Send(&m, nil); call != nil && call.Err != nil {
		t.Fatal(call.Err)
	}
}

// noUnclean wants the store to be sound, with every silence accounted for.
func (p *place) noUnclean(code string) {
	p.t.Helper()
	var r struct{ Unclean []any }
	if err := json.Unmarshal([]byte(p.run("verify", "--code", code, "-o", "json")), &r); err != nil || r.Unclean == nil || len(r.Unclean) > 0 {
		p.t.Errorf("unclean: %v %v", r.Unclean, err)
	}
}

// TestHooksAroundSleep: without a bus, commands say the same. A daemon that is stopped before it has woken up says both.
func TestHooksAroundSleep(t *testing.T) {
	p := newPlace(t, everything)
	code := p.make()
	p.run("seal", "--suspend") // no daemon: nothing was promised
	d := p.serve(func(c *exec.Cmd) { c.Env = append(c.Env, "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+p.dir+"/none") })
	p.until("a boot seal", func() bool { return len(p.seals()) == 1 })
	p.run("seal", "--suspend")
	if got := reasons(p.seals()); !slices.Equal(got, []string{"boot", "suspend"}) {
		t.Errorf("before sleep: %q", got)
	}
	p.run("seal", "--resume")
	p.until("a resume seal", func() bool { return len(p.seals()) == 3 })
	p.run("seal")
	p.run("seal", "--suspend")
	d.stop()
	p.run("seal")
	if got := reasons(p.seals()); !slices.Equal(got, []string{"boot", "suspend", "resume", "request", "suspend", "resume", "stop", "boot", "stop"}) {
		t.Errorf("seals: %q", got)
	}
	if _, _, err := p.try("seal", "--suspend", "--resume"); exitCode(err) != 2 {
		t.Errorf("both: %v", err)
	}
	p.noUnclean(code)
}
