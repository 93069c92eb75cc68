package kernel

import (
	"bytes"
	"strconv"

	"constat/entry"
)

// record is what the kernel says at one read.
type record struct {
	priority uint64 // facility times 8, and level
	sequence uint64 // since boot, from 0
	micros   uint64 // since boot
	text     []byte // as written, with \x
	keys     []byte // lines, each a blank, NAME=VALUE and LF
}

// kernelFacility is that of what the kernel says itself; programs that write into /dev/kmsg get user if they claim it.
const kernelFacility = 0

// parse reads a record. ok is false if it is none.
func parse(b []byte) (r record, ok bool) {
	head, rest, ok := bytes.Cut(b, []byte(";"))
	if !ok {
		return r, false
	}
	parts := bytes.SplitN(head, []byte(","), 4)
	if len(parts) < 3 {
		return r, false
	}
	for i, to := range []*uint64{&r.priority, &r.sequence, &r.micros} {
		n, err := strconv.ParseUint(string(parts[i]), 10, 63)
		if err != nil {
			return r, false
		}
		*to = n
	}
	r.text, r.keys, _ = bytes.Cut(rest, []byte("\n"))
	return r, true
}

// claims are the fields of a record, and its text without the name of a program that wrote it.
func (r record) claims() (fields []entry.Field, text []byte) {
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, entry.Field{Name: name, Value: []byte(value)})
		}
	}
	add("PRIORITY", strconv.FormatUint(r.priority&7, 10))
	facility := r.priority >> 3
	if facility < 24 {
		add("SYSLOG_FACILITY", strconv.FormatUint(facility, 10))
	}
	text = r.text
	if facility == kernelFacility {
		add("SYSLOG_IDENTIFIER", "kernel")
	} else {
		program, pid, rest := tag(text)
		add("SYSLOG_IDENTIFIER", program)
		add("SYSLOG_PID", pid)
		text = rest
	}
	add("KERNEL_SEQUENCE", strconv.FormatUint(r.sequence, 10))
	add("KERNEL_MICROSECONDS", strconv.FormatUint(r.micros, 10))
	for line := range bytes.Lines(r.keys) {
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte("="))
		if field, known := keys[string(name)]; known {
			add(field, string(unescape(nil, value)))
		}
	}
	return fields, text
}

// keys are those that drivers set (dev_printk).
var keys = map[string]string{"SUBSYSTEM": "KERNEL_SUBSYSTEM", "DEVICE": "KERNEL_DEVICE"}

// tag reads "PROGRAM[PID]: " or "PROGRAM: ", as programs write it that log before there is a socket to log to.
func tag(text []byte) (program, pid string, rest []byte) {
	head, rest, found := bytes.Cut(text, []byte(": "))
	if !found || len(head) == 0 || len(head) > 64 || bytes.ContainsAny(head, " \t\\:") {
		return "", "", text
	}
	if name, number, both := bytes.Cut(head, []byte("[")); both && len(name) > 0 && bytes.HasSuffix(number, []byte("]")) {
		return string(name), string(number[:len(number)-1]), rest
	}
	return string(head), "", rest
}

// unescape appends a text to dst with its \xHH as octets.
func unescape(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) && text[i+1] == 'x' {
			if n, err := strconv.ParseUint(string(text[i+2:i+4]), 16, 8); err == nil {
				dst = append(dst, byte(n))
				i += 3
				continue
			}
		}
		dst = append(dst, text[i])
	}
	return dst
}
