// Package config is the configuration of the daemon: one YAML file, strict, with a default for everything.
//
// Flags beat the environment, which beats the file, which beats the defaults. An unknown key, a value out of range or
// two settings that cannot both hold are errors that name the line and the key.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// Config is the whole configuration. The zero value of a field is its default.
type Config struct {
	// Store is the directory of the store. Default: --store, CONSTAT_STORE, else /var/lib/constat for root and
	// $XDG_STATE_HOME/constat for others.
	Store string `yaml:"store"`
	// Origin is the name of a store that is made; the host name by default.
	Origin string `yaml:"origin"`
	// Listen says where messages come in. Without it: UDP and TCP on 127.0.0.1:5514, and a datagram socket beside the
	// store. With it, exactly what it names.
	Listen *Listen `yaml:"listen"`
	// Socket is the Unix socket of constat's own commands. Default: STORE.run/socket. It is always there.
	Socket string `yaml:"socket"`
	// HTTP is the address of the published log, the metrics and the page; "off" for none. Default: 127.0.0.1:8514.
	HTTP string `yaml:"http"`
	// Limits bound what senders can do.
	Limits Limits `yaml:"limits"`
	// Retention says how much is kept, and how long.
	Retention Retention `yaml:"retention"`
	// Convert says when complete heads become segments: "at-once", which is the default, or "never" by the daemon itself, on
	// a machine that only passes entries on.
	Convert string `yaml:"convert"`
	// Rules say where entries go.
	Rules []Rule `yaml:"rules"`
	// Witnesses cosign journals of this store; Witness is what the daemon does for the logs of others.
	Witnesses []AskedWitness `yaml:"witnesses"`
	Witness   *Witness       `yaml:"witness"`
	// Timestamp has checkpoints stamped by an authority.
	Timestamp *Timestamp `yaml:"timestamp"`
	// Audit says where audit entries go besides the journal "audit". Nothing keeps them out of that.
	Audit Audit `yaml:"audit"`
	// Private says which fields can be erased, whatever their sender says.
	Private []Private `yaml:"private"`
	// Volatile keeps the store in memory: a new one at each boot.
	Volatile *Volatile `yaml:"volatile"`
	// Outputs are where entries are sent, besides being kept.
	Outputs []Output `yaml:"outputs"`
	// SyslogConf has the actions of a syslog.conf carried out.
	SyslogConf *SyslogConf `yaml:"syslog_conf"`
	// Statistics is how often what became of each output is written down as an entry. Default: never.
	Statistics Duration `yaml:"statistics"`
	// User and Group are who the daemon becomes after it has bound its sockets, if it was started by root.
	User  string `yaml:"user"`
	Group string `yaml:"group"`
}

// Listen is where messages come in.
type Listen struct {
	// UDP and TCP are addresses, HOST:PORT, [IPv6]:PORT or :PORT for all interfaces.
	UDP []string `yaml:"udp"`
	TCP []string `yaml:"tcp"`
	// Datagram and Stream are paths of Unix sockets as syslog(3) uses them, such as /dev/log.
	Datagram []string `yaml:"datagram"`
	Stream   []string `yaml:"stream"`
	// Xen are directories with the sockets of log channels, NAME-log.sock, such as /var/run/panoptiscan; or with a pattern,
	// /run/station/*.log, in which the star stands for the name of the domain.
	Xen []string `yaml:"xen"`
	// TLS, RELP and BEEP are listeners with settings of their own.
	TLS  []TLSListener  `yaml:"tls"`
	RELP []RELPListener `yaml:"relp"`
	BEEP []BEEPListener `yaml:"beep"`
	// Files are followed, Pipes are read.
	Files []File `yaml:"files"`
	Pipes []Pipe `yaml:"pipes"`
	// Kernel is where the messages of the kernel are read, /dev/kmsg; "" is nowhere.
	Kernel string `yaml:"kernel"`
	// MQTT are brokers whose topics are subscribed to.
	MQTT []MQTT `yaml:"mqtt"`
	// Allow and Deny are the networks from which all listeners of the network take messages, and from which they do
	// not though they be allowed. Without Allow: from everywhere.
	Allow Networks `yaml:"allow"`
	Deny  Networks `yaml:"deny"`
}

// Limits bound what senders can do.
type Limits struct {
	// Message is the longest message kept whole; of longer ones the beginning is kept. Default 64KiB, at most 16MiB.
	Message Size `yaml:"message"`
	// Queue is the memory of messages on their way to the disk. Default 32MiB, at least 1MiB.
	Queue Size `yaml:"queue"`
	// ReceiveBuffer is what is asked of the kernel for each UDP socket. Default 32MiB.
	ReceiveBuffer Size `yaml:"receive_buffer"`
	// Connections is the number of TCP and stream connections for each listener. Default 20000.
	Connections int `yaml:"connections"`
	// ConnectionsPerAddress is how many of them one address may have. Default: all.
	ConnectionsPerAddress int `yaml:"connections_per_address"`
	// FrameTimeout is how long a message that has begun may take to arrive over a stream; then the connection is
	// closed. Default 30s.
	FrameTimeout Duration `yaml:"frame_timeout"`
	// HandshakeTimeout is how long the beginning of TLS may take; then the connection is refused. Default 10s.
	HandshakeTimeout Duration `yaml:"handshake_timeout"`
	// Rate is how many messages a second each source may send in the long run, 0: no limit; Burst how many at once, 0: as many as Rate.
	Rate  float64 `yaml:"rate"`
	Burst float64 `yaml:"burst"`
}

// Defaults of the listeners and of HTTP.
const (
	DefaultSyslog = "127.0.0.1:5514"
	DefaultHTTP   = "127.0.0.1:8514"
	Off           = "off"
)

// Read reads a file and checks it. An empty name is the defaults.
func Read(name string) (Config, error) {
	var c Config
	if name == "" {
		return c, nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("%w; without --config the defaults hold", err)
	}
	if err != nil {
		return c, err
	}
	file, err := parser.ParseBytes(data, 0)
	if err == nil && len(file.Docs) > 1 {
		err = errors.New("more than one YAML document")
	}
	if err == nil {
		err = yaml.UnmarshalWithOptions(data, &c, yaml.Strict(), yaml.DisallowUnknownField())
	}
	if err != nil {
		return c, fmt.Errorf("%s: %s%s", name, strings.TrimRight(yaml.FormatError(err, false, true), " \n"), hint(err))
	}
	var errs []error
	for _, p := range c.validate() {
		errs = append(errs, fmt.Errorf("%s: %s%s: %s", name, lineOf(file, p.key), p.key, p.text))
	}
	return c, errors.Join(errs...)
}
