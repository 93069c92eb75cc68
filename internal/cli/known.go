package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"constat/seal"
)

// A known store is one line of the file of known codes: code, store id, origin, and the directory, quoted as Go does.
type knownStore struct {
	code   seal.Code
	id     string
	origin string
	dir    string
}

func (k knownStore) line() string {
	return fmt.Sprintf("%s %s %s %q\n", k.code, k.id, k.origin, k.dir)
}

// knownCodesFile is where the codes of stores made on this machine are noted: $XDG_CONFIG_HOME/constat/known-codes.
func knownCodesFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "constat", "known-codes"), nil
}

// rememberCode notes the code of a new store. Earlier lines for the same directory are dropped, and returned unless they
// have the same code, as boots of a station do: these stores are gone.
func rememberCode(code seal.Code, c seal.Certificate, dir string) (gone []knownStore, err error) {
	name, err := knownCodesFile()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	unlock, err := lockFile(name + ".lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	known, err := readKnown(name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, k := range known {
		switch {
		case k.dir != dir:
			out.WriteString(k.line())
		case k.code != code:
			gone = append(gone, k)
		}
	}
	out.WriteString(knownStore{code, c.Store.String(), c.Origin, dir}.line())
	return gone, replaceFile(name, out.Bytes())
}

// lockFile waits until this process alone holds the file, so that no line is lost when several stores are made at once.
func lockFile(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; err == syscall.EINTR; {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return nil, errors.Join(&fs.PathError{Op: "lock", Path: name, Err: err}, f.Close())
	}
	return f.Close, nil
}

func replaceFile(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

func readKnown(name string) ([]knownStore, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var known []knownStore
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			k, err := parseKnown(line)
			if err != nil {
				return nil, fmt.Errorf("%s line %d: %w", name, n, err)
			}
			known = append(known, k)
		}
	}
	return known, lines.Err()
}

func parseKnown(line string) (k knownStore, err error) {
	var code string
	if _, err := fmt.Sscanf(line, "%s %s %s %q", &code, &k.id, &k.origin, &k.dir); err != nil {
		return k, fmt.Errorf("want: CODE STORE-ID ORIGIN \"DIRECTORY\": %w", err)
	}
	k.code, err = seal.ParseCode(code)
	return k, err
}

// pinFor returns the code that a store must have, and where that comes from: that of its directory, else its own if it
// is known, else that of a store with the same id. It returns nil if nothing is known of the store.
func pinFor(c seal.Certificate, dir string) (*seal.Code, string, error) {
	name, err := knownCodesFile()
	if err != nil {
		return nil, "", nil // no home, nothing known
	}
	known, err := readKnown(name)
	if err != nil {
		return nil, "", err
	}
	of, _, _ := stationOf(dir, c) // what is wrong the check says
	same := []func(knownStore) bool{
		func(k knownStore) bool { return k.dir == dir },
		func(k knownStore) bool { return k.code == c.Code() || of.Name != "" && k.code == of.Code() },
		func(k knownStore) bool { return k.id == c.Store.String() },
	}
	for _, matches := range same {
		for _, k := range known {
			if matches(k) {
				return &k.code, "known-codes file " + name, nil
			}
		}
	}
	return nil, "", nil
}
