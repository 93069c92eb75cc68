package native

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// RunDir is the directory of what exists while a daemon runs: sockets, and the file that says where it listens. It
// stands beside the store, which may be copied and holds no such thing.
func RunDir(store string) string { return filepath.Clean(store) + ".run" }

// Names in the run directory.
const (
	endpointsFile = "daemon.json"
	SocketName    = "socket" // of constat's own commands
	LogName       = "log"    // datagrams, as /dev/log
)

// systemStore is the store of the machine.
const systemStore = "/var/lib/constat"

// DefaultStore is the store that is meant where none is named: CONSTAT_STORE, else that of the machine for root, and
// for others the one in the state directory of the user.
func DefaultStore() (string, error) {
	if dir := os.Getenv("CONSTAT_STORE"); dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return systemStore, nil
	}
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("no place for a store: %w; name one with --store DIR or CONSTAT_STORE", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "constat"), nil
}

// ErrNoDaemon says that no daemon runs on a store.
var ErrNoDaemon = errors.New("no daemon runs")

// Endpoints is where a daemon can be reached; it stands in the run directory while the daemon runs.
type Endpoints struct {
	PID    int      `json:"pid"`
	Socket string   `json:"socket"`
	HTTP   string   `json:"http"` // base URL, "" if there is none
	Inputs []string `json:"inputs"`
}

// Find returns where the daemon of a store can be reached. It returns [ErrNoDaemon] if there is none: a file that a
// daemon left behind which is gone does not count.
func Find(store string) (Endpoints, error) {
	var e Endpoints
	data, err := os.ReadFile(filepath.Join(RunDir(store), endpointsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return e, ErrNoDaemon
	}
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("%s: %w", endpointsFile, err)
	}
	if err := syscall.Kill(e.PID, 0); errors.Is(err, syscall.ESRCH) {
		return e, ErrNoDaemon
	}
	return e, nil
}

// Publish writes where the daemon can be reached.
func (e Endpoints) Publish(store string) error {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(RunDir(store), endpointsFile)
	if err := os.WriteFile(name+".tmp", append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name)
}

// Withdraw removes what [Endpoints.Publish] wrote.
func Withdraw(store string) error {
	err := os.Remove(filepath.Join(RunDir(store), endpointsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
