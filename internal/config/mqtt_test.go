package config

import (
	"slices"
	"strings"
	"testing"
)

const brokers = `listen:
  mqtt:
  - broker: tcp://127.0.0.1
  - broker: tls://broker.example.org:8884
    topics: [system/events/+, "a/#"]
    qos: 0
    client_id: dom0
    user: constat
    password_file: /etc/constat/mqtt-password
    tls: {ca: /ca.pem, certificate: /c.pem, key: /c.key}
`

func TestMQTT(t *testing.T) {
	c, err := Read(write(t, brokers))
	if err != nil {
		t.Fatal(err)
	}
	first, second := c.Listen.MQTT[0], c.Listen.MQTT[1]
	if got := first.Filters(); !slices.Equal(got, []string{"system/events/#"}) || first.Acknowledged() != 1 || first.Client("h") != "constat-h" {
		t.Errorf("%v %+v", got, first)
	}
	if got := second.Filters(); !slices.Equal(got, []string{"system/events/+", "a/#"}) || second.Acknowledged() != 0 || second.Client("h") != "dom0" {
		t.Errorf("%v %+v", got, second)
	}
}

// TestMQTTMistakes: each change of a sound configuration is refused, and the message names line and key.
func TestMQTTMistakes(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"tcp://127.0.0.1", "127.0.0.1:1883", "line 3: listen.mqtt[0].broker"},
		{"tcp://127.0.0.1", "tls://broker.example.org:8884", "listen.mqtt[1].broker"},
		{"tcp://127.0.0.1", "tls://h", "line 3: listen.mqtt[0].broker: tls: is needed"},
		{"tls://b", "tcp://b", "line 10: listen.mqtt[1].tls: says nothing"},
		{"system/events/+", "system/ev+", "line 5: listen.mqtt[1].topics[0]"},
		{`"a/#"`, `"a/#/b"`, "listen.mqtt[1].topics[1]"},
		{`"a/#"`, `""`, "listen.mqtt[1].topics[1]"},
		{"qos: 0", "qos: 2", "line 6: listen.mqtt[1].qos: want 0 or 1"},
		{"    user: constat\n", "", "listen.mqtt[1].password_file: says nothing"},
		{"/etc/constat/mqtt-password", "mqtt-password", "listen.mqtt[1].password_file"},
		{"client_id: dom0", "client_id: " + strings.Repeat("x", 1025), "listen.mqtt[1].client_id"},
		{"certificate: /c.pem, ", "", "listen.mqtt[1].tls.key"},
		{"client_id", "client", "mqtt (broker, topics"},
	} {
		text := strings.Replace(brokers, c.from, c.to, 1)
		if text == brokers {
			t.Fatalf("%q is not there", c.from)
		}
		if _, err := Read(write(t, text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, want %q", c.to, c.from, err, c.want)
		}
	}
}
