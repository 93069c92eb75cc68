// Package mqtttest runs mosquitto for tests: a process of the test's own, on a port and with files of its own.
package mqtttest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// patience is how long to wait for what should come soon.
const patience = 30 * time.Second

// Broker is a mosquitto, running or not.
type Broker struct {
	t    testing.TB
	dir  string
	Port string
	cmd  *exec.Cmd
	log  *os.File
	ends chan error
}

// Start runs a broker that keeps its sessions in a file, until the test ends. more are lines for its configuration, in
// which DIR is a directory of its own. Without mosquitto the test is skipped.
func Start(t testing.TB, more ...string) *Broker {
	t.Helper()
	if _, err := program("mosquitto"); err != nil {
		t.Skipf("%v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	dir, err := os.MkdirTemp("", "mq")
	if err != nil {
		t.Fatal(err)
	}
	b := &Broker{t: t, dir: dir, Port: port}
	lines := []string{"per_listener_settings false", "persistence true", "persistence_location DIR/", "max_queued_messages 0",
		"log_dest stderr", "log_type all"}
	if os.Geteuid() == 0 {
		lines = append(lines, "user root")
	}
	if !strings.Contains(strings.Join(more, "\n"), "allow_anonymous") {
		lines = append(lines, "allow_anonymous true")
	}
	lines = append(append(lines, more...), "listener "+port+" 127.0.0.1")
	text := strings.ReplaceAll(strings.Join(lines, "\n"), "DIR", dir) + "\n"
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Kill(); os.RemoveAll(dir) })
	b.Run()
	return b
}

// program finds a program, also where only root looks.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}

// Subscribed is how often it has told clients that they are subscribed.
func (b *Broker) Subscribed() int { return strings.Count(b.Log(), "Sending SUBACK to constat-") }

// Dir is the directory that DIR stands for.
func (b *Broker) Dir() string { return b.dir }

// Greeted is how often it has accepted connections of clients.
func (b *Broker) Greeted() int { return strings.Count(b.Log(), "Sending CONNACK to constat-") }

// URL is where it listens.
func (b *Broker) URL() string { return "tcp://" + b.Address() }

// Address is HOST:PORT.
func (b *Broker) Address() string { return net.JoinHostPort("127.0.0.1", b.Port) }

// Run starts it, again, and waits until it listens.
func (b *Broker) Run() {
	b.t.Helper()
	path, err := program("mosquitto")
	if err != nil {
		b.t.Fatal(err)
	}
	if b.log, err = os.OpenFile(filepath.Join(b.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.cmd = exec.Command(path, "-c", filepath.Join(b.dir, "conf"))
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	cmd, ends := b.cmd, make(chan error, 1)
	b.ends = ends
	go func() { ends <- cmd.Wait() }()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", b.Address())
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("mosquitto does not listen: %v\n%s", err, b.Log())
		}
	}
}

// Log is what it has said.
func (b *Broker) Log() string {
	text, _ := os.ReadFile(filepath.Join(b.dir, "log"))
	return string(text)
}

// Kill ends it at once: what it has only in memory is gone.
func (b *Broker) Kill() { b.end(syscall.SIGKILL) }

// Stop ends it: it writes its sessions down.
func (b *Broker) Stop() { b.end(syscall.SIGTERM) }

func (b *Broker) end(s syscall.Signal) {
	if b.cmd == nil {
		return
	}
	b.cmd.Process.Signal(s)
	select {
	case <-b.ends:
	case <-time.After(patience):
		b.t.Errorf("mosquitto does not end by %v", s)
	}
	b.cmd = nil
	b.log.Close()
}

// Pub publishes lines by mosquitto_pub, a message a line.
func (b *Broker) Pub(topic string, qos int, lines []string, more ...string) {
	b.t.Helper()
	args := append([]string{"-h", "127.0.0.1", "-p", b.Port, "-q", strconv.Itoa(qos), "-t", topic, "-l"}, more...)
	c := exec.Command("mosquitto_pub", args...)
	c.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Run(); err != nil {
		b.t.Fatalf("mosquitto_pub: %v %s", err, &errs)
	}
}

// Client connects a client that connects again by itself and sends again what the broker has not acknowledged. It
// disconnects when the test ends.
func (b *Broker) Client(id string) paho.Client {
	b.t.Helper()
	o := paho.NewClientOptions().AddBroker(b.URL()).SetClientID(id).SetCleanSession(false).SetAutoReconnect(true).
		SetMaxReconnectInterval(200 * time.Millisecond)
	c := paho.NewClient(o)
	if t := c.Connect(); !t.WaitTimeout(patience) || t.Error() != nil {
		b.t.Fatalf("connect: %v\n%s", t.Error(), b.Log())
	}
	b.t.Cleanup(func() { c.Disconnect(100) })
	return c
}

// Publish publishes payloads and waits until the broker has acknowledged all of them. What fails, because the broker ends
// meanwhile, it publishes again.
func (b *Broker) Publish(c paho.Client, topic string, qos byte, payloads []string) {
	b.t.Helper()
	var tokens []paho.Token
	for _, p := range payloads {
		tokens = append(tokens, c.Publish(topic, qos, false, p))
	}
	end := time.Now().Add(patience)
	for i, t := range tokens {
		for !t.WaitTimeout(patience) || t.Error() != nil {
			if time.Now().After(end) {
				b.t.Errorf("message %d: %v", i, t.Error())
				return
			}
			time.Sleep(10 * time.Millisecond)
			t = c.Publish(topic, qos, false, payloads[i])
		}
	}
}

// Session makes a session for a client that is not there yet, so that the broker keeps messages for it.
func (b *Broker) Session(id string, topic string, qos byte) {
	b.t.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker(b.URL()).SetClientID(id).SetCleanSession(false))
	for _, step := range []func() paho.Token{c.Connect, func() paho.Token { return c.Subscribe(topic, qos, nil) }} {
		if t := step(); !t.WaitTimeout(patience) || t.Error() != nil {
			b.t.Fatalf("session: %v", t.Error())
		}
	}
	c.Disconnect(100)
}

// Event is a payload as the programs of a station publish it.
func Event(text string) string {
	return fmt.Sprintf(`{"component": "vm-sys-usb", "module": "UsbDaemon", "datetime": "2026-11-21 19:41:24.081", "description": "%s"}`, text)
}
