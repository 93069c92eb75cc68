package daemon

import (
	"io/fs"

	"constat/internal/config"
	files "constat/internal/output/file"
	"constat/internal/rule"
)

// makeAs has the file of an action made as its syslog.conf says, where the configuration does not say it.
func makeAs(c *files.Config, m rule.Making, said config.FileOptions) {
	if said.Owner == "" {
		c.UID, c.DirUID = accountOf(m.Owner), accountOf(m.DirOwner)
	}
	if said.Group == "" {
		c.GID, c.DirGID = accountOf(m.Group), accountOf(m.DirGroup)
	}
	if said.Mode == 0 {
		c.Perm, c.Masked = permissionsOf(m.Mode, m.Umask, files.DefaultPerm)
	}
	if said.Dirs == 0 {
		c.DirPerm, c.DirMasked = permissionsOf(m.DirMode, m.Umask, files.DefaultDirPerm)
	}
	c.NoDirs, c.AnyOwner = m.NoDirs, m.AnyOwner
}

func accountOf(a rule.Account) int {
	if a.Name == "" {
		return -1
	}
	return a.ID
}

// permissionsOf are the bits that something is made with. Without a umask that of the process holds, as for any program,
// but not for what nobody has said.
func permissionsOf(p, umask rule.Permissions, otherwise fs.FileMode) (bits fs.FileMode, masked bool) {
	bits = otherwise
	if p.Said {
		bits = p.Bits
	}
	return bits&^umask.Bits | files.None, p.Said && !umask.Said
}
