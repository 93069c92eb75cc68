package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// stdout is where data goes. It keeps the first error, so that no command succeeds whose data did not arrive.
type stdout struct {
	w   io.Writer
	err error
}

func (o *stdout) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	if err != nil {
		o.err = fmt.Errorf("standard output: %w", err)
	}
	return n, o.err
}

// say writes talk to standard error.
func (a *app) say(format string, args ...any) {
	fmt.Fprintln(a.err, printable(fmt.Sprintf(format, args...)))
}

// printable escapes what could fool a terminal: names of files and what others wrote may hold anything.
func printable(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\n' || strconv.IsPrint(r) && (r != '\uFFFD' || size > 1):
			out.WriteString(s[i : i+size])
		default:
			for _, b := range []byte(s[i : i+size]) {
				fmt.Fprintf(&out, `\x%02x`, b)
			}
		}
		i += size
	}
	return out.String()
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// wantsColour reports whether the user lets a terminal be coloured: see no-color.org.
func wantsColour() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }
