package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"constat/internal/input/mqtt"
)

// MQTT is a broker whose topics are subscribed to.
type MQTT struct {
	// Broker is tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH; the ports are 1883 and 8883 if none is named.
	Broker string `yaml:"broker"`
	// Topics are filters. Default: system/events/#.
	Topics []string `yaml:"topics"`
	// QoS is 1 (the default), whose messages are acknowledged when they are durable, or 0.
	QoS *int `yaml:"qos"`
	// ClientID names the session that the broker keeps. Default: constat- and the name of the host.
	ClientID string `yaml:"client_id"`
	// User and PasswordFile are what the broker is told; the password is the first line of the file.
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	// TLS says whom to trust; for tls:// only.
	TLS *TLS `yaml:"tls"`
}

// DefaultTopic is what is subscribed to if no topic is named.
const DefaultTopic = "system/events/#"

// Filters are the topics.
func (m MQTT) Filters() []string {
	if len(m.Topics) == 0 {
		return []string{DefaultTopic}
	}
	return m.Topics
}

// Acknowledged is the QoS.
func (m MQTT) Acknowledged() byte {
	if m.QoS == nil {
		return 1
	}
	return byte(*m.QoS)
}

// Client is the name of the session on a host.
func (m MQTT) Client(host string) string { return cmp.Or(m.ClientID, "constat-"+host) }

// validateMQTT finds what cannot hold about brokers.
func (l *Listen) validateMQTT() (found []problem) {
	seen := map[string]bool{}
	for i, m := range l.MQTT {
		key := fmt.Sprintf("listen.mqtt[%d]", i)
		secure, err := mqtt.CheckURL(m.Broker)
		switch {
		case err != nil:
			found = append(found, problem{key + ".broker", err.Error()})
		case seen[m.Broker]:
			found = append(found, problem{key + ".broker", fmt.Sprintf("%q is named twice", m.Broker)})
		case secure && m.TLS == nil:
			found = append(found, problem{key + ".broker", "tls: is needed: say whom to trust"})
		case !secure && m.TLS != nil:
			found = append(found, problem{key + ".tls", "says nothing without tls://"})
		}
		seen[m.Broker] = true
		found = append(found, m.validate(key)...)
	}
	return found
}

func (m MQTT) validate(key string) (found []problem) {
	check := func(wrong bool, of, text string) {
		if wrong {
			found = append(found, problem{key + of, text})
		}
	}
	for i, topic := range m.Topics {
		check(!isFilter(topic), fmt.Sprintf(".topics[%d]", i), fmt.Sprintf("%q: want a filter such as %s", topic, DefaultTopic))
	}
	check(m.QoS != nil && *m.QoS != 0 && *m.QoS != 1, ".qos", "want 0 or 1")
	check(len(m.ClientID) > 1<<10, ".client_id", "at most 1024 bytes")
	check(m.PasswordFile != "" && m.User == "", ".password_file", "says nothing without user")
	check(m.PasswordFile != "" && !filepath.IsAbs(m.PasswordFile), ".password_file", fmt.Sprintf("%q: want an absolute path", m.PasswordFile))
	if m.TLS != nil {
		found = append(found, m.TLS.validate(key+".tls", false)...)
	}
	return found
}

// isFilter reports whether a text is a topic filter (MQTT 3.1.1 §4.7.1): "+" is one whole level, "#" all that follow.
func isFilter(topic string) bool {
	levels := strings.Split(topic, "/")
	for i, level := range levels {
		if strings.Contains(level, "+") && level != "+" || strings.Contains(level, "#") && (level != "#" || i < len(levels)-1) {
			return false
		}
	}
	return topic != "" && len(topic) <= 1<<16-1 && !strings.ContainsRune(topic, 0)
}
