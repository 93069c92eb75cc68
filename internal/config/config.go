// Package config is the configuration of the daemon: one YAML file, strict, with a default for everything.
//
// Flags beat the environment, which beats the file, which beats the defaults. An unknown key, a value out of range or
// two settings that cannot both hold are errors that name the line and the key.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
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
}

// Limits bound what senders can do.
type Limits struct {
	// Message is the longest message kept whole; of longer ones the beginning is kept. Default 64KiB, at most 16MiB.
	Message Size `yaml:"message"`
	// Queue is the memory of messages on their way to the disk. Default 32MiB.
	Queue Size `yaml:"queue"`
	// ReceiveBuffer is what is asked of the kernel for each UDP socket. Default 8MiB.
	ReceiveBuffer Size `yaml:"receive_buffer"`
	// Connections is the number of TCP and stream connections for each listener. Default 20000.
	Connections int `yaml:"connections"`
	// Rate is how many messages a second each source may send in the long run, Burst how many at once. 0: no limit.
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
	if err := yaml.UnmarshalWithOptions(data, &c, yaml.Strict(), yaml.DisallowUnknownField()); err != nil {
		return c, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
	}
	if err := c.validate(); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func (c *Config) validate() error {
	var errs []error
	check := func(key string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	if c.Listen != nil {
		for i, a := range c.Listen.UDP {
			check(fmt.Sprintf("listen.udp[%d]", i), address(a))
		}
		for i, a := range c.Listen.TCP {
			check(fmt.Sprintf("listen.tcp[%d]", i), address(a))
		}
	}
	if c.HTTP != "" && c.HTTP != Off {
		check("http", address(c.HTTP))
	}
	l := c.Limits
	if l.Message > 16<<20 {
		check("limits.message", errors.New("at most 16MiB"))
	}
	if l.Connections < 0 || l.Rate < 0 || l.Burst < 0 || math.IsNaN(l.Rate) || math.IsNaN(l.Burst) {
		check("limits", errors.New("connections, rate and burst are not negative"))
	}
	if l.Burst > 0 && l.Rate == 0 {
		check("limits.burst", errors.New("says nothing without limits.rate"))
	}
	if c.Group != "" && c.User == "" {
		check("group", errors.New("says nothing without user"))
	}
	return errors.Join(errs...)
}

func address(a string) error {
	_, port, err := net.SplitHostPort(a)
	if err != nil {
		return fmt.Errorf("%q: want HOST:PORT, such as %s", a, DefaultSyslog)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q: port %q is not 0 to 65535 (%d)", a, port, n)
	}
	return nil
}

// Size is a number of bytes, written with KiB, MiB or GiB behind it, or none.
type Size int64

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	number, factor := strings.TrimSpace(string(text)), int64(1)
	for unit, f := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, found := strings.CutSuffix(number, unit); found {
			number, factor = strings.TrimSpace(rest), f
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/factor {
		return fmt.Errorf("size %q: want a number of bytes such as 65536, 64KiB or 8MiB", text)
	}
	*s = Size(n * factor)
	return nil
}
