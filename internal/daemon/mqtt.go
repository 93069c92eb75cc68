package daemon

import (
	"crypto/tls"
	"fmt"
	"os"
	"reflect"
	"strings"

	"constat/internal/api"
	"constat/internal/config"
	"constat/internal/input"
	"constat/internal/input/mqtt"
	"constat/internal/tlsconf"
)

// brokerOf finds what a configuration says of a broker.
func brokerOf(l *config.Listen, broker string) (m config.MQTT, found bool) {
	if l == nil {
		return m, false
	}
	for _, m := range l.MQTT {
		if m.Broker == broker {
			return m, true
		}
	}
	return m, false
}

// broker prepares to subscribe to what a broker publishes.
func (b *binder) broker(l listener) (input.Input, error) {
	m, _ := brokerOf(&b.listen, l.address)
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	report := func(err error) { b.d.log.Warn("input", "error", err) }
	c := mqtt.Config{Broker: m.Broker, Topics: m.Filters(), QoS: m.Acknowledged(), ClientID: m.Client(host),
		Limit: int(b.limits.Message), Report: report}
	if m.User != "" {
		c.Login = func() (string, string, error) { return login(m) }
		if _, _, err := c.Login(); err != nil {
			return nil, fmt.Errorf("mqtt %s: %w", m.Broker, err)
		}
	}
	if m.TLS != nil {
		client, err := tlsconf.NewClient(m.TLS.Settings(), report)
		if err != nil {
			return nil, fmt.Errorf("mqtt %s: %w", m.Broker, err)
		}
		c.TLS = func(host string) *tls.Config { return client.Client(host) }
		b.made[l] = bound{tls: client}
	}
	return mqtt.New(c)
}

// login reads the password, which is the first line of its file.
func login(m config.MQTT) (user, password string, err error) {
	if m.PasswordFile == "" {
		return m.User, "", nil
	}
	text, err := os.ReadFile(m.PasswordFile)
	if err != nil {
		return "", "", fmt.Errorf("password_file: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return m.User, strings.TrimSuffix(line, "\r"), nil
}

// keepBroker reports that the settings of a broker are to change, which needs a restart.
func (b *binder) keepBroker(l listener) {
	now, _ := brokerOf(b.d.config.Listen, l.address)
	if next, _ := brokerOf(&b.listen, l.address); !reflect.DeepEqual(now, next) {
		b.errs = append(b.errs, restartNeeded("listen.mqtt of "+l.address))
	}
}

// brokerStats is what an input counts that subscribes to a broker.
func brokerStats(in *mqtt.Input, t *tlsconf.Config) api.Input {
	s := in.Stats()
	one := api.Input{Name: in.Name(), Broker: &api.Broker{Received: s.Received, Broken: s.Broken, Redelivered: s.Redelivered}}
	if s.Connected {
		one.Connections = 1
	}
	if t != nil {
		one.Expires = t.Expires()
	}
	return one
}
