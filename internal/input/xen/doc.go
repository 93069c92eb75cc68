// Package xen is the input that reads the log channels of the domains of a station: the JournalProxy of Dom0.
//
// Each domain has a socket NAME-log.sock in one directory. The backend of the channel (QEMU) listens there, and serves one
// client at a time, so that the input connects, once, and never binds or removes anything, and writes nothing there. The sockets come and
// go with the domains: the directory is looked at again and again, and so are sockets that are not there, refuse, or end.
//
// A channel is a stream of octets without boundaries. It is cut into lines; frames (FORMAT.md, section 22) are checked and
// their numbers followed, so that what is missing becomes a loss entry; lines without a header are joined to the entry
// before them. What belongs to one domain (memory, time, trouble) is bounded and stays with it. Which domain it is says
// the name of the socket, which Dom0 has chosen; the octets only claim.
//
// A domain may have a second channel, its query channel, with a socket NAME-query.sock: there it asks for its own entries
// (package inquiry), and gets them. What it can ask is bounded, and of all domains one question at a time is answered.
package xen

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"constat/entry"
)

// Defaults of a [Config].
const (
	DefaultDir     = "/var/run/panoptiscan"
	DefaultPattern = "*-log.sock"
	DefaultLimit   = 64 << 10
	DefaultPoll    = 500 * time.Millisecond
)

// Config says where the channels are.
type Config struct {
	// Path is the directory of the sockets, or the directory and a pattern for their names, in which one '*' stands for
	// the name of the domain. "" is [DefaultDir] and [DefaultPattern].
	Path string
	// Limit is how many octets of a line, or of an entry of several lines, are kept; 0 is [DefaultLimit].
	Limit int
	// Poll is how often the directory is looked at; 0 is [DefaultPoll].
	Poll time.Duration
	// Fields are added to every source, beside _TRANSPORT and _XEN_DOMAIN. They are observed.
	Fields []entry.Field
	// Resume, if set, is asked once, when the input begins, for the numbers that were kept before.
	Resume func() Known
	// Answer, if set, answers what domains ask over their query channels, NAME-query.sock in the same directory.
	Answer Answer
}

// Known says which numbers were accounted for before the input began, as far as somebody looked.
type Known struct {
	Runs map[string][]KnownRun // by domain, the one that was seen last at the end
	All  bool                  // there are no others: a run that is not named has never been seen
}

// KnownRun is a run and its last number that was kept, or said to be missing.
type KnownRun struct {
	Run  string
	Last uint64
}

// Split returns the directory and the pattern of a path, and what is wrong with it.
func Split(path string) (dir, pattern string, err error) {
	dir, pattern = filepath.Split(path)
	switch {
	case path == "":
		return DefaultDir, DefaultPattern, nil
	case !filepath.IsAbs(path):
		err = fmt.Errorf("%q: want an absolute path, such as %s", path, DefaultDir)
	case !strings.Contains(pattern, "*"):
		return filepath.Clean(path), DefaultPattern, nil
	case strings.Count(pattern, "*") > 1:
		err = fmt.Errorf("%q: want one \"*\", which stands for the name of the domain", path)
	}
	if err == nil && strings.Contains(dir, "*") {
		err = fmt.Errorf("%q: \"*\" can only stand in the last part", path)
	}
	return filepath.Clean(dir), pattern, err
}

// Flags of messages.
const (
	// FlagTruncated: the stream ended before the line did.
	FlagTruncated = "truncated"
	// FlagOversize: only the head was kept, because the line is longer than the limit.
	FlagOversize = "oversize"
	// FlagTorn: a line that begins like a frame, and is none as it was sent.
	FlagTorn = "torn frame"
	// FlagNoHeader: a line without a header, and no entry that it could go on with.
	FlagNoHeader = "no header"
	// FlagRepeated: a frame whose number has come already, or was missed and is late.
	FlagRepeated = "repeated number"
	// FlagNumber: a frame whose number is so far from the one before that it is not believed.
	FlagNumber = "odd number"
)

// Reasons of loss entries.
const (
	// ReasonMissing: these numbers of a run never came.
	ReasonMissing = "numbers missing"
	// ReasonBuffer: so much was waiting that the backend has perhaps thrown some of it away; how much is not known.
	ReasonBuffer = "possible: buffer of the channel was full"

	reasonStopped = "stopped"
	reasonDomains = "too many domains"
	reasonName    = "odd name of a socket"
)
