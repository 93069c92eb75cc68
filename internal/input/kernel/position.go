package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"constat/internal/durable"
	"constat/internal/vfs"
)

// position is the first record that is not durable yet. It is the content of the file that keeps it, as JSON.
type position struct {
	Boot string `json:"boot"` // the identifier of the boot, as _BOOT_ID
	Next uint64 `json:"next"`
}

const maxPosition = 4 << 10 // octets of the file

// load reads the position; the zero position if there is none, or if it is of another boot.
func load(fsys vfs.FS, name, boot string) (position, error) {
	p := position{}
	data, err := durable.ReadFile(fsys, name, maxPosition)
	if err == nil {
		if err = json.Unmarshal(data, &p); err != nil {
			err = fmt.Errorf("%s is no position in the messages of the kernel (%w): remove it, and they are read from the first that is there", name, err)
		}
	}
	if errors.Is(err, fs.ErrNotExist) || err == nil && p.Boot != boot {
		return position{Boot: boot}, nil
	}
	return p, err
}

func (p position) save(fsys vfs.FS, name string) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return durable.WriteFile(fsys, name, append(data, '\n'), 0o600)
}
