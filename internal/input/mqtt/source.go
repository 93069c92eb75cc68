package mqtt

import (
	paho "github.com/eclipse/paho.mqtt.golang"

	"constat/entry"
	"constat/internal/input"
	parse "constat/internal/parse/mqtt"
)

// maxSources is how many sources are remembered. Whoever publishes can make topics without end.
const maxSources = 256

// origin is what messages have in common that may stand in one chunk.
type origin struct {
	topic               string
	duplicate, retained bool
	acknowledged        bool
}

func originOf(m paho.Message) origin {
	return origin{m.Topic(), m.Duplicate(), m.Retained(), m.Qos() > 0}
}

// sources are those of a broker. They belong to one goroutine.
type sources struct {
	broker string
	known  map[origin]*input.Source
}

func (s *sources) of(o origin) *input.Source {
	if found := s.known[o]; found != nil {
		return found
	}
	if s.known == nil || len(s.known) >= maxSources {
		s.known = map[origin]*input.Source{}
	}
	made := &input.Source{Name: "mqtt " + s.broker, Format: input.Broker, Datagram: !o.acknowledged}
	made.Fields = []entry.Field{field("_TRANSPORT", "mqtt", entry.Observed), field("_BROKER", s.broker, entry.Observed)}
	if o.duplicate {
		made.Fields = append(made.Fields, field("_MQTT_DUPLICATE", "1", entry.Observed))
	}
	if o.retained {
		made.Fields = append(made.Fields, field("_MQTT_RETAINED", "1", entry.Observed))
	}
	made.Claims = []entry.Field{field(entry.TopicField, o.topic, entry.Claimed)}
	if level, ok := parse.Level(o.topic); ok {
		made.Claims = append(made.Claims, field("PRIORITY", level, entry.Claimed))
	}
	s.known[o] = made
	return made
}

func field(name, value string, p entry.Provenance) entry.Field {
	return entry.Field{Name: name, Value: []byte(value), Provenance: p}
}
