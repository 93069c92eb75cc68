package lint

// A row says what the packages that fit a pattern may import of this module.
// Where two rows fit a folder, the first one counts. Test files may import anything.
type row struct {
	pkg string   // folder; "x/..." is x and everything below it
	may []string // patterns; "<name>" stands for the last part of the importer's folder
}

// table is the one direction of DESIGN (§3, §7) in the form of imports: higher
// rank may import lower, never sideways or up except where listed.
var table = []row{
	// Rank 0: formats and seams that know nothing of each other.
	{"entry", nil},
	{"seal", nil},
	{"internal/timespec", nil},
	{"query", []string{"internal/timespec"}}, // a time that cannot be read is an error with its column
	{"internal/tunnel", nil},
	{"internal/vfs", nil},
	{"internal/vfs/...", []string{"internal/vfs"}},
	{"internal/durable", []string{"internal/vfs"}},
	{"internal/lint", nil},
	{"internal/measure", nil},
	{"internal/sealing", nil},
	{"internal/logind", nil},
	{"internal/relp", nil}, // a protocol, for inputs and outputs
	{"internal/beep", nil}, // another one, for inputs
	{"internal/beep/...", []string{"internal/beep"}},
	{"internal/tlsconf/...", nil}, // TLS, for inputs and outputs

	// Rank 1: the store, what is proved from it, and pure functions on entries.
	{"journal/frame", []string{"entry"}},
	{"journal/column", nil},
	{"journal/segment", []string{"entry", "journal/column", "journal/frame"}},
	{"journal/layout", []string{"entry", "seal", "journal/frame", "journal/sidecar"}},
	{"journal/sidecar", []string{"entry", "journal/frame"}},
	{"journal/check", []string{"entry", "seal", "journal/frame", "journal/layout", "journal/column", "journal/segment", "journal/sidecar", "internal/vfs", "internal/durable"}},
	{"journal", []string{"entry", "seal", "journal/frame", "journal/layout", "journal/column", "journal/segment", "journal/sidecar", "internal/vfs", "internal/durable"}},
	{"evidence", []string{"entry", "seal", "custody"}}, // the page of a session
	{"custody", []string{"entry"}},
	{"custody/client", []string{"audit", "custody"}},
	{"audit", []string{"entry", "internal/input/native"}}, // the client of the daemon's own socket
	{"audit/...", []string{"audit", "entry"}},
	{"internal/inquiry", nil},                                                   // what goes over a query channel
	{"station", []string{"entry", "internal/inquiry", "internal/input/native"}}, // frames, questions; in Dom0 the daemon's own socket
	{"internal/parse/...", []string{"entry", "internal/parse/..."}},
	{"internal/rule", []string{"entry"}},
	{"internal/show", []string{"entry"}},
	{"internal/backup", []string{"journal/layout", "internal/vfs", "internal/durable"}},
	{"internal/tiles", []string{"entry", "seal", "journal", "journal/frame", "journal/layout", "internal/vfs", "internal/durable"}},
	{"internal/witness", []string{"entry", "seal", "journal", "journal/layout", "internal/vfs", "internal/durable"}},

	// Rank 2: the edges, and reading.
	{"internal/input/file", []string{"entry", "internal/input", "internal/vfs", "internal/durable"}},   // keeps positions
	{"internal/input/kernel", []string{"entry", "internal/input", "internal/vfs", "internal/durable"}}, // keeps its position
	{"internal/input/record", []string{"entry", "internal/input", "internal/tunnel", "internal/tlsconf"}},
	{"internal/input", []string{"entry"}},                                                                 // the contract
	{"internal/output", []string{"entry"}},                                                                // the contract
	{"internal/output/render", []string{"entry", "internal/output", "internal/show"}},                     // one JSON for all
	{"internal/output/relp", []string{"internal/output", "internal/output/syslog", "internal/relp"}},      // the same connections
	{"internal/output/target", []string{"internal/output", "internal/output/...", "internal/tlsconf"}},    // makes them all
	{"internal/input/xen", []string{"entry", "internal/input", "internal/parse/xen", "internal/inquiry"}}, // has two channels
	{"internal/input/...", []string{"entry", "internal/input", "internal/parse/<name>", "internal/relp", "internal/beep", "internal/tlsconf"}},
	{"internal/output/...", []string{"entry", "internal/output"}},
	{"internal/search", []string{"query", "entry", "seal", "internal/parse", "journal", "journal/column", "journal/frame", "journal/layout", "journal/segment"}},

	// Rank 3: the only writer, and the readers with a cursor.
	{"internal/ingest", []string{"internal/input", "internal/parse/...", "internal/rule", "entry", "journal"}},
	{"internal/auditfile", []string{"entry", "journal", "journal/layout", "internal/show", "internal/vfs", "internal/durable"}},
	{"internal/forward", []string{"journal", "internal/rule", "internal/output", "entry", "internal/vfs", "internal/durable"}},

	// Rank 4 and 5: what people and programs speak to.
	{"internal/api", []string{"internal/search", "internal/show", "internal/tiles", "evidence", "journal/...", "seal", "query", "entry",
		"internal/vfs", "internal/durable"}},
	{"internal/web", []string{"internal/api", "query"}},
	{"internal/config", []string{
		"entry", "seal", "query", "evidence", "audit/...", "journal/...",
		"internal/vfs", "internal/durable", "internal/tunnel", "internal/tlsconf",
		"internal/parse/...", "internal/rule", "internal/show",
		"internal/input/...", "internal/output/...", "internal/search",
		"internal/ingest", "internal/forward", "internal/api",
	}},
	{"internal/cli", []string{
		"entry", "seal", "query", "evidence", "custody", "journal/...",
		"internal/vfs", "internal/vfs/quotafs", "internal/durable", "internal/timespec", "internal/measure",
		"internal/parse/...", "internal/rule", "internal/show", "internal/search",
		"internal/ingest", "internal/config", "internal/api", "internal/tiles", "internal/backup", "internal/witness",
		"internal/forward", "internal/output/...", "internal/tlsconf", // "status" and "log --to"
		"internal/input/native",                                                          // the client of the daemon's own socket
		"internal/input", "internal/input/record", "internal/tunnel", "internal/tlsconf", // "record" runs them itself
		"station", // "log --channel" writes frames
	}},

	// Rank 6 and 7: building and starting it all.
	{"internal/daemon", []string{"..."}},
	{"cmd/constat", []string{"internal/cli", "internal/daemon"}}, // hands serve to cli
	{"cmd/constat-verify", []string{"evidence", "entry", "seal"}},

	// Drives the built program beside its peers; it knows only what the program prints.
	{"bench", []string{"bench/events", "internal/measure"}},
	{"bench/events", nil},

	// Black-box tests drive the built program.
	{"conformance/...", nil},
}

// A forbidden edge is one that somebody will want some day. The table may not
// allow it, and the message of the test gives the reason.
type forbidden struct{ from, to, reason string }

var forbiddenEdges = []forbidden{
	{"internal/input/...", "journal/...", "an input hands frames to ingest; a second way into the journal bypasses the accounting of losses"},
	{"internal/output/...", "journal/...", "the cursor over the journal belongs to forward"},
	{"internal/web", "journal/...", "the page must not know how entries are stored"},
	{"internal/web", "internal/search", "the page asks the API like everybody else"},
	{"query", "journal/...", "the language must parse anywhere, without a store"},
	{"query", "internal/parse/...", "the language knows no wire format"},
	{"evidence", "journal/...", "whoever verifies evidence has no store"},
	{"journal/check", "journal", "the checker is independent of the writer that it checks"},
	{"seal", "entry", "a tree must not care what it seals"},
	{"station", "journal/...", "a domain has no store"},
	{"audit/...", "journal/...", "the client library is weight on every program that uses it"},
	{"internal/ingest", "internal/input/syslog", "inputs call ingest, not the other way round"},
	{"cmd/constat-verify", "internal/...", "an auditor reads all of what the verifier runs"},
}

// thirdParty says which packages may use a module from outside, and nothing
// outside this list is used at all. The verifier's own code is the
// standard library and x/mod, so that an auditor can read it whole.
var thirdParty = []struct {
	module string
	usedBy []string
}{
	{"github.com/klauspost/compress", []string{"journal/..."}},
	{"github.com/spf13/cobra", []string{"internal/cli"}},
	{"github.com/eclipse/paho.mqtt.golang", []string{"internal/input/mqtt/..."}}, // MQTT 3.1.1: sessions, QoS 1, keep-alive
	{"github.com/fsnotify/fsnotify", []string{"journal"}},
	{"github.com/goccy/go-yaml", []string{"internal/config"}},
	{"github.com/coreos/go-systemd", []string{"internal/daemon", "internal/cli"}},
	{"github.com/VictoriaMetrics/metrics", []string{"internal/api"}},
	// D-Bus. login1 of go-systemd hides who sent a signal, and anybody on the system bus may send one that looks like logind's.
	{"github.com/godbus/dbus", []string{"internal/logind"}},
	{"golang.org/x/mod", []string{"entry", "seal", "evidence", "journal", "journal/check", "internal/search"}},
	{"golang.org/x/sys", []string{"custody/client", "internal/vfs", "journal", "internal/cli", "internal/input/...", "internal/output/...", "internal/ingest", "internal/daemon", "station"}}, // journal: CLOCK_BOOTTIME; station: terminals
	{"golang.org/x/term", []string{"internal/cli", "internal/show"}},
	{"rsc.io/qr", []string{"internal/cli"}},
}

// public are the packages that outsiders may rely on.
var public = []string{"entry", "seal", "journal/...", "query", "evidence", "audit/...", "custody/...", "station"}
