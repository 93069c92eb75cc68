package rule

import (
	"slices"
	"strings"
)

// openBlock is the block that was begun last, to tell of one that holds no rule.
type openBlock struct {
	line line
	used bool
}

// beginBlock notes that a block begins, or with reset that one ends.
func (r *reader) beginBlock(reset bool) {
	r.endBlock()
	if !reset {
		r.block = &openBlock{line: r.l}
	}
}

// endBlock tells of a block that was for nothing.
func (r *reader) endBlock() {
	if r.block != nil && !r.block.used {
		row, column := r.block.line.place(0)
		r.report(Problem{r.name, row, column, Warning, "no rule follows this block: it does nothing"})
	}
	r.block = nil
}

// programBlock reads "!name,name", "!+name", "!-name" and "!*".
func (r *reader) programBlock() {
	rest := r.l.text[1:]
	if strings.HasPrefix(rest, "!") {
		r.error(0, "OpenBSD's \"!!\" is not supported: write !%s and end the block with a rule \"*.* stop\"", strings.TrimLeft(rest, "! "))
		r.program, r.brokenProgram = Names{}, true
		return
	}
	not := strings.HasPrefix(rest, "-")
	at := 1
	if not || strings.HasPrefix(rest, "+") {
		at, rest = 2, rest[1:]
	}
	r.setNames(&r.program, &r.brokenProgram, at, rest, not, isProgram, `the name of a program as it stands in messages, such as sshd`)
	r.program.Kernel = r.options.Dialect == BSD && !r.program.IsZero()
}

// hostBlock reads "+name,name", "-name" and "+*".
func (r *reader) hostBlock() {
	text := r.l.text
	if len(text) > 1 && (text[1] == '/' || text[1] == '?') {
		r.error(0, "an action without a selector: write FACILITY.LEVEL before %s", text)
		return
	}
	r.setNames(&r.host, &r.brokenHost, 1, text[1:], text[0] == '-', isHostName, "the name or address of a host, or @ for this one")
}

// setNames changes the condition on programs or hosts. One that is broken stays so until the next block of its sort.
func (r *reader) setNames(to *Names, broken *bool, at int, list string, not bool, valid func(string) bool, want string) {
	list = strings.TrimRight(list, blanks)
	*broken = false
	if strings.Trim(list, blanks) == "" || strings.Trim(list, blanks) == "*" {
		*to = Names{}
		r.beginBlock(true)
		return
	}
	names := Names{Not: not}
	for _, part := range strings.Split(list, ",") {
		name := strings.Trim(part, blanks)
		if name == "@" && to == &r.host {
			name = r.options.Host
		}
		if !valid(name) {
			r.error(at, "%q: want %s; the rules in this block are left out", part, want)
			*to, *broken = Names{}, true
			r.beginBlock(false)
			return
		}
		if !slices.Contains(names.List, name) {
			names.List = append(names.List, name)
		}
		at += len(part) + 1
	}
	*to = names
	r.beginBlock(false)
}

// isProgram reports whether a program can have that name: no blanks, no brackets, no colon, and no pattern.
func isProgram(name string) bool {
	return name != "" && len(name) <= 255 && !strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c == 0x7f || strings.ContainsRune("[]:*?\"'!", c)
	})
}
