package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"constat/internal/config"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/internal/vfs/quotafs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"

	"golang.org/x/sys/unix"
)

// thisStation is the station that this machine is, in its present boot.
type thisStation struct {
	seal.Station
	key  *seal.Identity
	boot seal.BootID
}

// newStation reads the key of the station that this machine is. flag is what names the file.
func newStation(name, flag, keyFile string) (*thisStation, error) {
	name = cmp.Or(name, defaultOrigin())
	if err := seal.ValidStation(name); err != nil {
		return nil, err
	}
	key, err := readPrivateKey(flag, keyFile)
	if err != nil {
		return nil, err
	}
	s := &thisStation{Station: seal.Station{Name: name, Key: key.Public()}, key: key, boot: journal.ThisMachine().Boot}
	if s.boot == (seal.BootID{}) {
		return nil, errors.New("the kernel tells no boot id (/proc/sys/kernel/random/boot_id): a store of this boot cannot be named")
	}
	return s, nil
}

// beVolatile makes the daemon keep its store in memory, if the configuration says so.
func (a *app) beVolatile(c config.Config, dir string) (err error) {
	v := c.Volatile
	if v == nil {
		return nil
	}
	policy := c.Kept().Policy(v.Bytes())
	a.floors = &policy
	if a.station, err = newStation(v.Station, "volatile.key", v.Key); err != nil {
		return err
	}
	if err := inMemory(dir); err != nil {
		return fmt.Errorf("volatile: %w", err)
	}
	a.fs, err = quotafs.New(vfs.OS(), v.Bytes(), dir, layout.KeysDir(dir))
	return err
}

// inMemory reports why what is written to dir, which need not exist yet, would outlive the boot.
func inMemory(dir string) error {
	at := dir
	var st unix.Statfs_t
	err := unix.Statfs(at, &st)
	for ; errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at); err = unix.Statfs(at, &st) {
		at = filepath.Dir(at)
	}
	if err != nil {
		return &fs.PathError{Op: "statfs", Path: at, Err: err}
	}
	if magic := uint32(st.Type); magic != unix.TMPFS_MAGIC && magic != unix.RAMFS_MAGIC {
		return fmt.Errorf("%s is not in memory, and its keys would outlive the boot: name a directory on a tmpfs, such as /run/constat, with --store", dir)
	}
	return nil
}

// origin is that of the store of this boot.
func (s *thisStation) origin() string { return s.Origin(s.boot) }

// codeOf is the code by which a store is pinned: that of the station, if there is one.
func (s *thisStation) codeOf(c seal.Certificate) seal.Code {
	if s == nil {
		return c.Code()
	}
	return s.Code()
}

// claim endorses the store as that of this boot, unless it was. It refuses one that is anything else.
func (s *thisStation) claim(fsys vfs.FS, dir string, c seal.Certificate) error {
	if s == nil {
		return nil
	}
	if c.Origin != s.origin() {
		return fmt.Errorf("%s holds the store %s, and this boot of the station makes %s: "+
			"keep a copy of that one ('constat backup'), then remove it and %s", dir, c.Origin, s.origin(), layout.KeysDir(dir))
	}
	switch of, found, err := stationOf(dir, c); {
	case err != nil:
		return err
	case found && of != s.Station:
		return fmt.Errorf("%s is endorsed by another key of the station %s: was the key changed during this boot?", dir, of.Name)
	case found:
		return nil
	}
	note, err := seal.EndorseBoot(c, s.Name, s.key)
	if err != nil {
		return err
	}
	return durable.WriteFile(fsys, filepath.Join(dir, layout.StationFile), note, 0o640)
}

// stationOf is the station that endorsed the store in dir; found is false if none has. "" is no directory.
func stationOf(dir string, c seal.Certificate) (s seal.Station, found bool, err error) {
	name := filepath.Join(dir, layout.StationFile)
	data, err := durable.ReadFile(vfs.OS(), name, layout.MaxDescriptor)
	if errors.Is(err, fs.ErrNotExist) || dir == "" {
		return s, false, nil
	}
	if err == nil {
		s, _, err = seal.OpenBoot(data, c)
	}
	if err != nil {
		return seal.Station{}, false, fmt.Errorf("%s: %w", name, err)
	}
	return s, true, nil
}
