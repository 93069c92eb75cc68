package ingest

import (
	"os"
	"strconv"
	"strings"

	"constat/entry"
)

// Origin is what the machine knows of the entries that one process writes. Its fields are observed.
type Origin struct {
	fields []entry.Field
}

// maxCommandLine is how much of a command line is kept, in bytes.
const maxCommandLine = 4096

// Local describes this process on this machine. transport is the way of its entries, such as "direct" for a process
// that writes into the store itself.
func Local(transport string) Origin {
	o := Origin{fields: Machine()}
	exe, _ := os.Executable()
	commandLine := strings.Join(os.Args, " ")
	o.add("_TRANSPORT", transport)
	o.add("_PID", strconv.Itoa(os.Getpid()))
	o.add("_UID", strconv.Itoa(os.Getuid()))
	o.add("_GID", strconv.Itoa(os.Getgid()))
	o.add("_COMM", firstLine("/proc/self/comm"))
	o.add("_EXE", exe)
	o.add("_CMDLINE", commandLine[:min(len(commandLine), maxCommandLine)])
	return o
}

// Machine is what is known of this machine: _HOSTNAME, _MACHINE_ID and _BOOT_ID. What cannot be read is left out.
func Machine() []entry.Field {
	var o Origin
	host, _ := os.Hostname()
	o.add("_HOSTNAME", host)
	o.add("_MACHINE_ID", firstLine("/etc/machine-id"))
	o.add("_BOOT_ID", BootID())
	return o.fields
}

// BootID is the id of this boot as the journal writes it, 32 hex digits; "" where the kernel gives none.
func BootID() string {
	return strings.ReplaceAll(firstLine("/proc/sys/kernel/random/boot_id"), "-", "")
}

func (o *Origin) add(name, value string) {
	if value != "" {
		o.fields = append(o.fields, entry.Field{Name: name, Value: []byte(value), Provenance: entry.Observed})
	}
}

// AddTo appends the fields to an entry.
func (o Origin) AddTo(e *entry.Entry) { e.Fields = append(e.Fields, o.fields...) }

func firstLine(name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return line
}
