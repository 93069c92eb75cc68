package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"constat/internal/input/xen"
)

// problem is what is wrong with the value of a key, such as "listen.udp[0]".
type problem struct{ key, text string }

// validate finds what cannot hold.
func (c *Config) validate() (found []problem) {
	check := func(wrong bool, key, text string) {
		if wrong {
			found = append(found, problem{key, text})
		}
	}
	found = append(found, c.validatePaths()...)
	found = append(found, c.Listen.validate()...)
	found = append(found, c.Retention.validate()...)
	found = append(found, c.validateConvert()...)
	if c.HTTP != "" && c.HTTP != Off {
		text := address(c.HTTP)
		check(text != "", "http", text)
	}
	if c.Socket != "" {
		text := path(c.Socket)
		check(text != "", "socket", text)
	}
	found = append(found, c.validateRules()...)
	found = append(found, c.validateWitnesses()...)
	found = append(found, c.Audit.validate()...)
	found = append(found, validatePrivate(c.Private)...)
	found = append(found, c.validateVolatile()...)
	found = append(found, c.validateOutputs()...)
	found = append(found, c.SyslogConf.validate()...)
	l := c.Limits
	check(l.Message > 16<<20, "limits.message", "at most 16MiB")
	check(l.Queue != 0 && l.Queue < 1<<20, "limits.queue", "at least 1MiB")
	check(l.Connections < 0, "limits.connections", "is not negative")
	check(l.ConnectionsPerAddress < 0, "limits.connections_per_address", "is not negative")
	check(!isCount(l.Rate), "limits.rate", "want a number of messages a second")
	check(!isCount(l.Burst), "limits.burst", "want a number of messages")
	check(l.Burst > 0 && l.Rate == 0, "limits.burst", "says nothing without limits.rate")
	check(c.Group != "" && c.User == "", "group", "says nothing without user")
	return found
}

func isCount(f float64) bool { return f >= 0 && !math.IsInf(f, 0) }

// validate finds addresses that are none, and what is named twice.
func (l *Listen) validate() (found []problem) {
	if l == nil {
		return nil
	}
	for _, list := range []struct {
		name   string
		values []string
		check  func(string) string
	}{{"udp", l.UDP, address}, {"tcp", l.TCP, address}, {"datagram", l.Datagram, path}, {"stream", l.Stream, path}, {"xen", l.Xen, channels}} {
		seen := map[string]bool{}
		for i, v := range list.values {
			text := list.check(v)
			if text == "" && seen[v] && list.name != "xen" {
				text = fmt.Sprintf("%q is named twice", v)
			}
			if seen[v] = true; text != "" {
				found = append(found, problem{fmt.Sprintf("listen.%s[%d]", list.name, i), text})
			}
		}
	}
	found = append(found, l.validateTransports()...)
	found = append(found, l.validateMQTT()...)
	found = append(found, l.validateFollowed()...)
	return append(found, l.validateXen()...)
}

// validateXen finds directories of channels that are named twice, each in another way: a channel serves one reader.
func (l *Listen) validateXen() (found []problem) {
	seen := map[[2]string]bool{}
	for i, v := range l.Xen {
		dir, pattern, err := xen.Split(v)
		if err == nil && seen[[2]string{dir, pattern}] {
			found = append(found, problem{fmt.Sprintf("listen.xen[%d]", i), fmt.Sprintf("%q is named twice", v)})
		}
		seen[[2]string{dir, pattern}] = true
	}
	return found
}

// address says what is wrong with HOST:PORT; "" is nothing.
func address(a string) string {
	_, port, err := net.SplitHostPort(a)
	if err != nil {
		return fmt.Sprintf("%q: want HOST:PORT, such as %s", a, DefaultSyslog)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Sprintf("%q: port %q is not 0 to 65535", a, port)
	}
	return ""
}

// maxSocketPath is the longest path of a Unix socket on Linux.
const maxSocketPath = 107

// path says what is wrong with the path of a socket; "" is nothing.
func path(p string) string {
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Sprintf("%q: want an absolute path, such as /dev/log", p)
	case len(p) > maxSocketPath:
		return fmt.Sprintf("%q: a socket has a path of at most %d bytes", p, maxSocketPath)
	}
	return ""
}

// channels says what is wrong with a directory of log channels; "" is nothing.
func channels(path string) string {
	_, _, err := xen.Split(path)
	if path == "" {
		return "want a directory, such as " + xen.DefaultDir
	} else if err != nil {
		return err.Error()
	}
	return ""
}

// lineOf says where a key stands, as the beginning of a sentence.
func lineOf(file *ast.File, key string) string {
	at, err := yaml.PathString("$." + key)
	if err != nil {
		return ""
	}
	node, err := at.FilterFile(file)
	if err != nil || node.GetToken() == nil {
		return ""
	}
	return fmt.Sprintf("line %d: ", node.GetToken().Position.Line)
}

// hint adds to an unknown key those that there are.
func hint(err error) string {
	var unknown *yaml.UnknownFieldError
	if !errors.As(err, &unknown) {
		return ""
	}
	return "\nthe keys are store, origin, socket, http, user, group," +
		"\nlisten (udp, tcp, datagram, stream, kernel, allow, deny, tls (address, tls, allow, deny), relp (address, tls, oversize, allow, deny)," +
		"\nbeep (address, tls, starttls, allow, deny)," +
		"\nfiles (path, format, from), pipes (path, format), xen," +
		"\nmqtt (broker, topics, qos, client_id, user, password_file, tls); tls: certificate, key, ca, crl, names, common_name, fingerprints, anonymous)," +
		"\nrules (selector, query, dialect, to, journal, discard), audit (file)," +
		"\nwitnesses (vkey, url, journals, every), witness (name, logs (vkey, origin)), timestamp (url, every, journals)," +
		"\noutputs (name, to, journals, select, kinds, from, format, private, framing, size, window, batch, rate, retry, return, timeout, args," +
		"\n  tls (certificate, key, ca, crl, names, common_name, fingerprints, anonymous), file (owner, group, mode, dir_mode, sync, rotate_size, rotate_every, keep))," +
		"\nsyslog_conf (file, dialect, journals, format, files and tls (as file and tls of outputs)), statistics," +
		"\nvolatile (station, key, size), limits (message, queue, receive_buffer, connections, connections_per_address, frame_timeout, handshake_timeout, rate, burst)," +
		"\nand retention (max_age, max_size, floor, keep_free, journals: NAME: (max_age, max_size, floor))"
}
