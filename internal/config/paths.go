package config

import (
	"fmt"
	"path/filepath"
)

// validatePaths finds relative paths. A daemon has no directory that its users would think of: every path in the
// configuration is absolute, so that it means the same whoever starts it, and from where. The keys that are not listed
// here are checked where they are defined.
func (c *Config) validatePaths() (found []problem) {
	check := func(key, path, example string) {
		if path != "" && !filepath.IsAbs(path) {
			found = append(found, problem{key, fmt.Sprintf("%q: want an absolute path, such as %s", path, example)})
		}
	}
	tls := func(key, certificate, privateKey, ca, crl string) {
		check(key+".tls.certificate", certificate, "/etc/constat/server.pem")
		check(key+".tls.key", privateKey, "/etc/constat/server.key")
		check(key+".tls.ca", ca, "/etc/constat/ca.pem")
		check(key+".tls.crl", crl, "/etc/constat/ca.crl")
	}
	check("store", c.Store, "/var/lib/constat")
	if c.Volatile != nil {
		check("volatile.key", c.Volatile.Key, "/etc/constat/station.key")
	}
	c.Listen.eachTLS(func(key string, t TLS) { tls(key, t.Certificate, t.Key, t.CA, t.CRL) })
	for i, o := range c.Outputs {
		if o.TLS != nil {
			tls(fmt.Sprintf("outputs[%d]", i), o.TLS.Certificate, o.TLS.Key, o.TLS.CA, o.TLS.CRL)
		}
	}
	if c.SyslogConf != nil && c.SyslogConf.TLS != nil {
		tls("syslog_conf", c.SyslogConf.TLS.Certificate, c.SyslogConf.TLS.Key, c.SyslogConf.TLS.CA, c.SyslogConf.TLS.CRL)
	}
	return found
}

// eachTLS visits the settings of TLS of all listeners and brokers; key is where they stand, such as "listen.tls[0]".
func (l *Listen) eachTLS(visit func(key string, t TLS)) {
	if l == nil {
		return
	}
	optional := func(kind string, i int, t *TLS) {
		if t != nil {
			visit(fmt.Sprintf("listen.%s[%d]", kind, i), *t)
		}
	}
	for i := range l.TLS {
		optional("tls", i, &l.TLS[i].TLS)
	}
	for i := range l.RELP {
		optional("relp", i, l.RELP[i].TLS)
	}
	for i := range l.BEEP {
		optional("beep", i, l.BEEP[i].TLS)
	}
	for i := range l.MQTT {
		optional("mqtt", i, l.MQTT[i].TLS)
	}
}
