package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/input/native"
)

// daemonSocket returns the socket of the daemon that has the store: CONSTAT_SOCKET, or what a running daemon says. It
// is "" if none runs; then the store is written directly.
func (a *app) daemonSocket() (string, error) {
	if socket := os.Getenv("CONSTAT_SOCKET"); socket != "" && a.store == "" {
		return socket, nil
	}
	dir, err := a.storeDir()
	if err != nil {
		return "", err
	}
	e, err := native.Find(dir)
	if errors.Is(err, native.ErrNoDaemon) {
		return "", nil
	}
	return e.Socket, err
}

// request sends one request to the daemon, if one runs. done is false if there is none.
func (a *app) request(r native.Request, send func(*native.Client) error) (answer native.Answer, done bool, err error) {
	socket, err := a.daemonSocket()
	if err != nil || socket == "" {
		return answer, false, err
	}
	c, err := native.Dial(socket, r)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" && os.Getenv("CONSTAT_SOCKET") == "" {
		return answer, false, nil // it has just ended
	}
	if err != nil {
		return answer, true, fmt.Errorf("daemon at %s: %w", socket, err)
	}
	sent := send(c)
	answer, err = c.Finish()
	if err != nil {
		err = fmt.Errorf("daemon at %s: %w", socket, errors.Join(err, sent))
	}
	return answer, true, err
}

// writeToDaemon sends entries to a running daemon. What is known of this process the daemon finds out by itself.
func (a *app) writeToDaemon(journal string, entries []entry.Entry) (done bool, err error) {
	answer, done, err := a.request(native.Request{Op: "log", Journal: journal, Private: privateNames(entries)}, func(c *native.Client) error {
		for i := range entries {
			e := claimedOnly(entries[i])
			if err := c.Log(&e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && len(entries) > 1 {
		err = fmt.Errorf("the first %d of %d lines are kept, then: %w", answer.Entries, len(entries), err)
	}
	return done, err
}

// privateNames are the names of the private fields of entries, which all have the same.
func privateNames(entries []entry.Entry) (names []string) {
	if len(entries) == 0 {
		return nil
	}
	for i := range entries[0].Fields {
		if f := &entries[0].Fields[i]; f.Form == entry.Private {
			names = append(names, f.Name)
		}
	}
	return names
}

// cutClaim is the field that tells the daemon how many octets of a line this process has cut: to the daemon that is
// a claim, and names that begin with '_' are not for claims.
const cutClaim = "TRUNCATED_BYTES"

// claimedOnly is an entry as a client may send it.
func claimedOnly(e entry.Entry) entry.Entry {
	fields := e.Fields
	e.Fields = nil
	for _, f := range fields {
		if f.Name == ingest.Truncated {
			f.Name, f.Provenance = cutClaim, entry.Claimed
		}
		f.Form = entry.Inline // which are private stands in the request
		if f.Provenance == entry.Claimed {
			e.Fields = append(e.Fields, f)
		}
	}
	return e
}

// importToDaemon loads files through a running daemon.
func (a *app) importToDaemon(format, into string, files []string, inputs []io.ReadCloser) (done bool, err error) {
	total := uint64(0)
	for i, in := range inputs {
		progress := newProgress(a.err, isTerminal(a.err))
		answer, ok, err := a.request(native.Request{Op: "import", Journal: into, Format: format}, func(c *native.Client) error {
			_, err := io.Copy(c, in)
			return err
		})
		progress.clear()
		if !ok && i == 0 && err == nil {
			return false, nil
		}
		if err == nil && !ok {
			err = errors.New("the daemon has ended")
		}
		if err != nil {
			return true, fmt.Errorf("%s: its first %d entries are kept, then: %w", files[i], answer.Entries, err)
		}
		total += answer.Entries
		a.tellCut(files[i], answer.Cut)
	}
	a.say("imported %d entries into journal %s", total, into)
	return true, nil
}
