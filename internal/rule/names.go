package rule

import (
	"bytes"
	"slices"
	"strings"
)

// Names is a condition on the name of a program or host: one of List, or with Not none of them. The zero value holds for
// every name.
type Names struct {
	List []string
	Not  bool
	// Kernel says that messages of the kernel that begin with "NAME: " count as those of a program NAME, as on BSD.
	Kernel bool
}

// IsZero reports whether the condition holds for every name.
func (n Names) IsZero() bool { return len(n.List) == 0 }

// String writes the condition as a block does, without its first letter.
func (n Names) String() string {
	text := strings.Join(n.List, ",")
	if n.Not {
		return "-" + text
	}
	return text
}

// equal reports whether two conditions are the same.
func (n Names) equal(other Names) bool {
	return n.Not == other.Not && n.Kernel == other.Kernel && slices.Equal(n.List, other.List)
}

// wantsProgram compares letters as they are.
func (n Names) wantsProgram(f *Facts) bool {
	if len(n.List) == 0 {
		return true
	}
	for _, name := range n.List {
		if string(f.Program) == name || n.Kernel && f.Facility == 0 && saysFirst(f.Message, name) {
			return !n.Not
		}
	}
	return n.Not
}

// saysFirst reports whether a message begins with "NAME: ".
func saysFirst(message []byte, name string) bool {
	return len(message) > len(name)+1 && message[len(name)] == ':' && message[len(name)+1] == ' ' && string(message[:len(name)]) == name
}

// wantsHost compares names whatever the case of their letters. One without a dot stands for that host in any domain.
func (n Names) wantsHost(host []byte) bool {
	if len(n.List) == 0 {
		return true
	}
	short := host
	if dot := bytes.IndexByte(host, '.'); dot > 0 && !isAddress(host) {
		short = host[:dot]
	}
	for _, name := range n.List {
		if foldEqual(host, name) || foldEqual(short, name) {
			return !n.Not
		}
	}
	return n.Not
}

// isAddress reports whether a name consists of digits and dots.
func isAddress(host []byte) bool {
	for _, c := range host {
		if c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// foldEqual compares ASCII letters whatever their case.
func foldEqual(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
