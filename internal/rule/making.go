package rule

import (
	"fmt"
	"io/fs"
	"os/user"
	"strconv"
	"strings"
)

// Making is how the file of an action is made, and the directories above it, as far as a file says it; the zero value is
// that it says nothing.
type Making struct {
	Owner, Group, DirOwner, DirGroup Account
	Mode, DirMode                    Permissions
	// Umask is taken off all permissions. It holds for all actions of a file, also those above it.
	Umask Permissions
	// NoDirs says that directories are not made, AnyOwner that a file is written whose owner cannot be set.
	NoDirs, AnyOwner bool
}

// Account is a user or group.
type Account struct {
	Name string // or its number; "": nothing is said
	ID   int    // -1 if the name was not looked up
}

// Permissions are those of a file, 0 to 0777.
type Permissions struct {
	Said bool
	Bits fs.FileMode
}

// Accounts finds users and groups.
type Accounts interface {
	User(name string) (id int, err error)
	Group(name string) (id int, err error)
}

// IsZero reports whether nothing is said.
func (m Making) IsZero() bool { return m == Making{} }

// Permissions are the bits of a file and of directories that are made, if they are said.
func (m Making) Permissions() (file, dir Permissions) {
	file, dir = m.Mode, m.DirMode
	file.Bits &^= m.Umask.Bits
	dir.Bits &^= m.Umask.Bits
	return file, dir
}

// String writes what is said for people: "owner root, group adm, mode 0640, directories: mode 0755"; "" is nothing.
func (m Making) String() string {
	var file, dirs, rest []string
	file = appendAccount(appendAccount(file, "owner", m.Owner), "group", m.Group)
	dirs = appendAccount(appendAccount(dirs, "owner", m.DirOwner), "group", m.DirGroup)
	mode, dirMode := m.Permissions()
	file, dirs = appendMode(file, mode), appendMode(dirs, dirMode)
	if len(dirs) > 0 && !m.NoDirs {
		rest = append(rest, "directories: "+strings.Join(dirs, ", "))
	}
	if m.NoDirs {
		rest = append(rest, "directories are not made")
	}
	if m.Umask.Said && !(mode.Said && (dirMode.Said || m.NoDirs)) {
		rest = append(rest, "umask "+m.Umask.String())
	}
	return strings.Join(append(file, rest...), ", ")
}

func appendAccount(to []string, what string, a Account) []string {
	if a.Name == "" {
		return to
	}
	return append(to, what+" "+a.Name)
}

func appendMode(to []string, p Permissions) []string {
	if !p.Said {
		return to
	}
	return append(to, "mode "+p.String())
}

// String writes four octal digits, "" if nothing is said.
func (p Permissions) String() string {
	if !p.Said {
		return ""
	}
	return fmt.Sprintf("%04o", p.Bits)
}

// makings is a table of the directives, and of the parameters of omfile, in lower case.
var makings = map[string]func(m *Making, value string, a Accounts) error{
	"fileowner":          func(m *Making, v string, a Accounts) error { return m.Owner.find(v, a, Accounts.User) },
	"filegroup":          func(m *Making, v string, a Accounts) error { return m.Group.find(v, a, Accounts.Group) },
	"dirowner":           func(m *Making, v string, a Accounts) error { return m.DirOwner.find(v, a, Accounts.User) },
	"dirgroup":           func(m *Making, v string, a Accounts) error { return m.DirGroup.find(v, a, Accounts.Group) },
	"fileownernum":       func(m *Making, v string, _ Accounts) error { return m.Owner.number(v) },
	"filegroupnum":       func(m *Making, v string, _ Accounts) error { return m.Group.number(v) },
	"dirownernum":        func(m *Making, v string, _ Accounts) error { return m.DirOwner.number(v) },
	"dirgroupnum":        func(m *Making, v string, _ Accounts) error { return m.DirGroup.number(v) },
	"filecreatemode":     func(m *Making, v string, _ Accounts) error { return m.Mode.read(v) },
	"dircreatemode":      func(m *Making, v string, _ Accounts) error { return m.DirMode.read(v) },
	"createdirs":         func(m *Making, v string, _ Accounts) error { return isOff(v, &m.NoDirs) },
	"failonchownfailure": func(m *Making, v string, _ Accounts) error { return isOff(v, &m.AnyOwner) },
}

func (to *Account) find(name string, accounts Accounts, find func(Accounts, string) (int, error)) error {
	id := -1
	if accounts != nil {
		var err error
		if id, err = find(accounts, name); err != nil {
			return err
		}
	}
	*to = Account{name, id}
	return nil
}

func (to *Account) number(text string) error {
	id, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return fmt.Errorf("%q: want the number of an account, 0 to 2147483647", text)
	}
	*to = Account{strconv.FormatUint(id, 10), int(id)}
	return nil
}

func (p *Permissions) read(text string) error {
	bits, err := strconv.ParseUint(text, 8, 16)
	if err != nil || len(text) != 4 || text[0] != '0' {
		return fmt.Errorf("%q: want four octal digits, the first 0, such as 0640", text)
	}
	*p = Permissions{true, fs.FileMode(bits)}
	return nil
}

func isOff(text string, off *bool) error {
	switch strings.ToLower(text) {
	case "on":
		*off = false
	case "off":
		*off = true
	default:
		return fmt.Errorf("%q: want on or off", text)
	}
	return nil
}

// User implements [Accounts].
func (Disk) User(name string) (int, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return -1, fmt.Errorf("there is no user %q on this machine", name)
	}
	return strconv.Atoi(u.Uid)
}

// Group implements [Accounts].
func (Disk) Group(name string) (int, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return -1, fmt.Errorf("there is no group %q on this machine", name)
	}
	return strconv.Atoi(g.Gid)
}

// making reads a directive about how files are made; is reports whether it is one.
func (r *reader) making(name, value string) (is bool) {
	name, value = strings.ToLower(name), strings.TrimRight(value, blanks)
	set := makings[name]
	if name == "umask" {
		set = func(_ *Making, v string, _ Accounts) error { return r.umask.read(v) }
	}
	if set == nil {
		return false
	}
	at := max(0, strings.LastIndex(r.l.text, value))
	if value == "" {
		r.error(0, "$%s: a value is missing", name)
	} else if err := set(&r.legacy, value, r.options.Accounts); err != nil {
		r.error(at, "$%s: %v", name, err)
	}
	return true
}

// moduleFile reads module(load="builtin:omfile" …), which holds for the actions in rsyslog's form that stand below.
func (r *reader) moduleFile(o *object) {
	for _, p := range o.params {
		if set := makings[p.name]; set != nil {
			if err := set(&r.objects, p.value, r.options.Accounts); err != nil {
				r.error(0, "%s: %v", p.name, err)
			}
		} else if p.name == "template" {
			r.moduleFormat = p.value
		} else if p.name != "load" {
			r.warn(0, "%s does nothing", p.name)
		}
	}
}

// isFile reports whether an action makes files.
func isFile(k Kind) bool { return k == File || k == Dynamic }

// mask notes the umask in all rules that make a file.
func (p *parser) mask() {
	for i := range p.rules {
		if isFile(p.rules[i].Action.Kind) {
			p.rules[i].Making.Umask = p.umask
		}
	}
}
