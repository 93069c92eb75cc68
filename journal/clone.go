package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strings"

	"constat/internal/durable"
	"constat/journal/layout"
)

// errCloned says that the keys of the store have been on another machine, which may seal with the same seed.
var errCloned = errors.New("the keys have come from another machine, by a copy of the disk or of the store")

// machineID tells machines apart, without telling which it is: a hash of /etc/machine-id. "" is unknown.
func machineID() string {
	data, err := os.ReadFile("/etc/machine-id")
	id := strings.TrimSpace(string(data))
	if err != nil || id == "" || id == "uninitialized" {
		return ""
	}
	sum := sha256.Sum256([]byte("constat machine v0\n" + id))
	return hex.EncodeToString(sum[:])
}

// isCloned reports whether another machine has sealed with the keys that are here. The first machine to seal is noted.
func (w *Writer) isCloned() (bool, error) {
	id, name := w.machine().ID, w.seedName(layout.MachineFile)
	if id == "" {
		return false, nil
	}
	data, err := durable.ReadFile(w.fsys, name, layout.MaxDescriptor)
	if isNotExist(err) {
		return false, w.bind(id)
	}
	return err == nil && strings.TrimSpace(string(data)) != id, err
}

// bind notes the machine on which the seed is used.
func (w *Writer) bind(id string) error {
	return durable.WriteFile(w.fsys, w.seedName(layout.MachineFile), []byte(id+"\n"), keyMode)
}
