package station

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"constat/entry"
)

// appendLine appends an entry as it goes to standard output: printable, and in the columns of the station's first programs.
func appendLine(dst []byte, e *Entry, domain string) []byte {
	now := e.Time
	if now.IsZero() {
		now = time.Now()
	}
	_, east := now.Zone()
	dst = append(entry.AppendZatoTime(dst, now.UnixMicro(), east), ' ')
	dst = append(column(dst, entry.ZatoLevel(int(e.Level)), entry.StationLevel), ' ')
	dst = append(column(dst, domain, entry.StationDomain), " ["...)
	dst = append(column(dst, cut(e.Module, MaxModule), entry.StationModule), "] "...)
	message := cut(e.Message, entry.MaxFrame)
	dst = entry.AppendFrameText(dst, []byte(message), false)
	if n := len(e.Message) - len(message) + e.left; n > 0 {
		dst = fmt.Appendf(dst, " [%d more bytes]", n)
	}
	return append(dst, '\n')
}

// column appends a value, printable, and fills it up with blanks.
func column(dst []byte, value string, width int) []byte {
	dst = entry.AppendFrameText(dst, []byte(value), false)
	return append(dst, strings.Repeat(" ", max(width-utf8.RuneCountInString(value), 0))...)
}
