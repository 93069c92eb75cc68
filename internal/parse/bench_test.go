package parse

import (
	"testing"
	"time"

	"constat/entry"
)

// sample is a batch of typical messages of one format.
type sample struct {
	name   string
	format Format
	lines  []string
}

var lines5424 = []string{
	`<29>1 2025-10-09T08:53:20.001399Z node30 Apache 36532 - - jk2_init() Found child 2032 in scoreboard slot 7`,
	`<38>1 2025-10-09T08:53:20.004117Z web01 sshd 13375 - - Failed password for root from 183.62.140.253 port 59518 ssh2`,
	`<14>1 2025-10-09T08:53:20.004348Z db07 dfs.DataNode$PacketResponder 148 - - PacketResponder 1 for block blk_38865049064139660 terminating`,
	`<86>1 2025-10-09T08:53:21.5+02:00 edge02 app 7 ID47 [ex@32473 iut="3" src="a\"b\]c"] connection closed`,
}

var lines3164 = []string{
	`<29>Oct  9 08:53:20 node30 Apache[36532]: jk2_init() Found child 2032 in scoreboard slot 7`,
	`<38>Oct  9 08:53:20 web01 sshd[13375]: Failed password for root from 183.62.140.253 port 59518 ssh2`,
	`Oct 11 22:14:15 mail03 postfix/smtpd[4711]: connect from unknown[10.1.2.3]`,
	`2025-10-09T08:53:20.123456+02:00 debian kernel: [   12.345678] usb 1-1: new high-speed USB device number 2 using xhci_hcd`,
}

var samples = []sample{
	{"rfc5424", RFC5424, lines5424},
	{"rfc3164", RFC3164, lines3164},
	{"syslog5424", Syslog, lines5424},
	{"syslog3164", Syslog, lines3164[:2]}, // the others have no PRI
	{"rfc3164-pri", RFC3164, lines3164[:2]},
	{"syslog-odd", Syslog, []string{
		`app[7]: no priority`,
		`<999>1 2025-10-09T08:53:20.123456789  h a - - [o@1 sub=x y="z"] unquoted`,
		`<189>123: router1: *Oct 11 22:14:15.123 CET: %SYS-5-CONFIG_I: Configured from console by vty0`,
		"<150>2025-10-09 08:53:20,123 ups/1 my tag: text\r\n\x00",
	}},
	{"jsonl", JSONLines, []string{
		`{"_time": "2025-10-09T08:53:20.001399811Z", "_msg": "jk2_init() Found child 2032 in scoreboard slot 7", "host": "node30", "app": "Apache", "pid": "36532", "level": "5"}`,
		`{"_time": "2025-10-09T08:53:20.004072001Z", "_msg": "Failed password for root from 183.62.140.253 port 59518 ssh2", "host": "web01", "app": "sshd", "pid": "13375", "level": "6"}`,
		`{"time":"2025-10-09T08:53:20.5+02:00","level":"INFO","msg":"said \"hello\"\n","status":200,"ok":true}`,
	}},
	{"export", Export, []string{
		"__REALTIME_TIMESTAMP=1760000000001399\n_HOSTNAME=node30\nPRIORITY=5\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=Apache\n" +
			"_PID=36532\n_BOOT_ID=0123456789abcdef0123456789abcdef\n_TRANSPORT=syslog\nMESSAGE=jk2_init() Found child 2032 in scoreboard slot 7\n\n",
		"__REALTIME_TIMESTAMP=1760000000002676\n_PID=1\nMESSAGE\n\x0b\x00\x00\x00\x00\x00\x00\x00two\nlines\r\n\n\n",
	}},
	{"text", Text, []string{"workerEnv.init() ok /etc/httpd/conf/workers5.properties", "", "\tUsing tsc for high-res timesource"}},
	{"auto", Auto, []string{
		`<29>1 2025-10-09T08:53:20.001399Z node30 Apache 36532 - - jk2_init() Found child 2032 in scoreboard slot 7`,
		`Oct  9 08:53:20 web01 sshd[13375]: Failed password for root from 183.62.140.253 port 59518 ssh2`,
		`{"time":"2025-10-09T08:53:20.5+02:00","level":"INFO","msg":"said \"hello\"\n","status":200,"ok":true}`,
		`workerEnv.init() ok /etc/httpd/conf/workers5.properties`,
	}},
}

// sampleTime is when the samples were received.
var sampleTime = time.Date(2025, 10, 12, 0, 0, 0, 0, time.UTC).UnixMicro()

func (s *sample) octets() (lines [][]byte, size int) {
	for _, line := range s.lines {
		lines = append(lines, []byte(line))
		size += len(line)
	}
	return lines, size / len(lines)
}

// BenchmarkParse says what one message costs, the check by rendering included.
func BenchmarkParse(b *testing.B) {
	for _, s := range samples {
		b.Run(s.name, func(b *testing.B) {
			lines, size := s.octets()
			p := New(s.format, Options{Provenance: entry.Imported, Location: time.UTC})
			var e entry.Entry
			b.SetBytes(int64(size))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				p.Parse(&e, lines[n%len(lines)], sampleTime)
				if n++; n%1024 == 0 {
					p.Release()
				}
			}
		})
	}
}

// TestNoAllocations: once names and buffers are known a message costs none.
func TestNoAllocations(t *testing.T) {
	for _, s := range samples {
		lines, _ := s.octets()
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("x", 7200)} {
			p := New(s.format, Options{Provenance: entry.Imported, Location: zone})
			var e entry.Entry
			batch := func() {
				for n := range 256 {
					p.Parse(&e, lines[n%len(lines)], sampleTime)
				}
				p.Release()
			}
			batch()
			if n := testing.AllocsPerRun(10, batch); n != 0 {
				t.Errorf("%s: %v allocations a batch of 256 messages", s.name, n)
			}
		}
	}
}
