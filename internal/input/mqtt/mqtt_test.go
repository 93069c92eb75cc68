package mqtt

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/input/mqtt/mqtttest"
)

// made numbers clients and topics, so that tests share a broker.
var made atomic.Int64

// subscriber is an input whose session is there already.
type subscriber struct {
	*Input
	topic string
}

func open(t testing.TB, b *mqtttest.Broker) subscriber {
	t.Helper()
	id := fmt.Sprintf("test-%d", made.Add(1))
	topic := id + "/events/info"
	b.Session(id, topic, 1)
	in, err := New(Config{Broker: b.URL(), Topics: []string{topic}, QoS: 1, ClientID: id, Limit: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return subscriber{in, topic}
}

// TestMQTT holds the input to the contract.
func TestMQTT(t *testing.T) {
	b := mqtttest.Start(t)
	inputtest.Run(t, inputtest.Subject{Acknowledged: true,
		Open: func(t testing.TB) input.Input { return open(t, b) },
		Send: func(t testing.TB, in input.Input, messages []string) { b.Pub(in.(subscriber).topic, 1, messages) },
	})
}

// TestFields: what is known of a message, and what is wrong with one, travels with it.
func TestFields(t *testing.T) {
	b := mqtttest.Start(t)
	in, sink := open(t, b), inputtest.NewSink(t)
	b.Pub(in.topic, 1, []string{mqtttest.Event("one"), "text", mqtttest.Event(strings.Repeat("x", 1<<16))})
	inputtest.Start(t, in, sink)
	sink.Wait(3)
	b.Pub(in.topic, 0, []string{mqtttest.Event("QoS 0")})
	sink.Wait(4)
	var flags []string
	for _, m := range sink.Messages() {
		flags = append(flags, m.Flag)
		var fields []string
		for _, f := range slices.Concat(m.Source.Fields, m.Source.Claims) {
			fields = append(fields, fmt.Sprintf("%s %s=%s", f.Provenance, f.Name, f.Value))
		}
		want := []string{"observed _TRANSPORT=mqtt", "observed _BROKER=" + b.URL(), "claimed MQTT_TOPIC=" + in.topic, "claimed PRIORITY=6"}
		if !slices.Equal(fields, want) {
			t.Errorf("%q, want %q", fields, want)
		}
	}
	if got, want := fmt.Sprintf("%q", flags), fmt.Sprintf("%q", []string{"", FlagBroken, FlagOversize, ""}); got != want {
		t.Errorf("flags %s, want %s", got, want)
	}
	if s := in.Stats(); !s.Connected || s.Received != 4 || s.Broken != 2 || s.Redelivered != 0 {
		t.Errorf("%+v", s)
	}
}

// TestRefusals: what keeps messages from coming is said, once, and tried again.
func TestRefusals(t *testing.T) {
	b := mqtttest.Start(t)
	reports := make(chan error, 100)
	in, err := New(Config{Broker: "tcp://127.0.0.1:1", Topics: []string{"a"}, ClientID: "refused", QoS: 1,
		Report: func(err error) { reports <- err }})
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Start(t, in, inputtest.NewSink(t))
	if err := <-reports; !strings.Contains(err.Error(), "mqtt tcp://127.0.0.1:1: ") || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
	failing, err := New(Config{Broker: b.URL(), Topics: []string{"a"}, ClientID: "login", QoS: 1,
		Login: func() (string, string, error) { return "", "", errors.New("no such file") }, Report: func(err error) { reports <- err }})
	if err != nil {
		t.Fatal(err)
	}
	inputtest.Start(t, failing, inputtest.NewSink(t))
	if err := <-reports; !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
}

// TestURLs: what can be an address of a broker.
func TestURLs(t *testing.T) {
	for broker, want := range map[string]address{
		"tcp://host":            {"tcp", "host:1883", "host", false},
		"mqtt://host:1":         {"tcp", "host:1", "host", false},
		"tls://[::1]":           {"tcp", "[::1]:8883", "::1", true},
		"mqtts://host:2/":       {"tcp", "host:2", "host", true},
		"unix:///run/mqtt.sock": {"unix", "/run/mqtt.sock", "", false},
	} {
		if got, err := parseURL(broker); got != want || err != nil {
			t.Errorf("%s: %+v %v", broker, got, err)
		}
	}
	for _, broker := range []string{"", "host:1883", "ws://host", "tcp://", "tcp://user:secret@host", "tcp://host/path", "unix://host/path", "tcp://host?x", ":"} {
		if got, err := parseURL(broker); err == nil {
			t.Errorf("%s: %+v", broker, got)
		}
	}
}

// TestGuard: packets are followed however they are cut, and one above the limit ends the connection.
func TestGuard(t *testing.T) {
	stream := []byte{0x20, 2, 0, 0, 0xd0, 0, 0x30, 0x80, 1}
	stream = append(stream, make([]byte, 128)...)
	for size := 1; size < len(stream); size++ {
		var g guard
		for rest := stream; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			if err := g.follow(rest[:min(size, len(rest))]); err != nil {
				t.Fatal(err)
			}
		}
		if g.at != 0 || g.left != 0 {
			t.Fatalf("size %d: in the middle of a packet: %+v", size, g)
		}
	}
	for _, header := range [][]byte{{0x30, 0xff, 0xff, 0xff, 0x7f}, {0x30, 0xff, 0xff, 0xff, 0xff}, {0x30, 0x80, 0x80, 0x80, 0x11}} {
		var g guard
		if err := g.follow(header); !errors.Is(err, errPacket) {
			t.Errorf("% x: %v", header, err)
		}
	}
	ours, theirs := net.Pipe()
	defer theirs.Close()
	go theirs.Write([]byte{0x30, 0xff, 0xff, 0xff, 0x7f, 0})
	if n, err := (&guard{Conn: ours}).Read(make([]byte, 100)); n != 0 || !errors.Is(err, errPacket) {
		t.Errorf("%d %v", n, err)
	}
}

// FuzzGuard: no octets of a broker make it read beyond its limit, or fail.
func FuzzGuard(f *testing.F) {
	f.Add([]byte{0x20, 2, 0, 0, 0xd0, 0})
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, octets []byte) {
		whole, parts := guard{}, guard{}
		err := whole.follow(octets)
		var other error
		for i := range octets {
			if other = parts.follow(octets[i : i+1]); other != nil {
				break
			}
		}
		if (err == nil) != (other == nil) || err == nil && (whole != parts || whole.left > maxPacket) {
			t.Errorf("%v %+v, cut %v %+v", err, whole, other, parts)
		}
	})
}
