package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Account is a user and group by number.
type Account struct{ UID, GID int }

// LookUp finds a user, and a group, which is the user's own if it is not named.
func LookUp(name, group string) (a Account, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return a, fmt.Errorf("user: %w", err)
	}
	if a.UID, err = strconv.Atoi(u.Uid); err != nil {
		return a, err
	}
	gid := u.Gid
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			return a, fmt.Errorf("group: %w", err)
		}
		gid = g.Gid
	}
	a.GID, err = strconv.Atoi(gid)
	return a, err
}

// Own gives directories, and everything in them, to the account.
func (a Account) Own(dirs ...string) error {
	var errs []error
	for _, dir := range dirs {
		errs = append(errs, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, a.UID, a.GID)
		}))
	}
	return errors.Join(errs...)
}

// Become gives root up for good, for all threads. It does nothing if the process is the account already.
func (a Account) Become() error {
	if os.Geteuid() == a.UID {
		return nil
	}
	if err := syscall.Setgroups([]int{a.GID}); err != nil {
		return fmt.Errorf("set groups: %w", err)
	}
	if err := syscall.Setgid(a.GID); err != nil {
		return fmt.Errorf("set group %d: %w", a.GID, err)
	}
	if err := syscall.Setuid(a.UID); err != nil {
		return fmt.Errorf("set user %d: %w", a.UID, err)
	}
	if syscall.Setuid(0) == nil && a.UID != 0 {
		return errors.New("root could be taken back")
	}
	return nil
}
