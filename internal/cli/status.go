package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"constat/internal/input/native"
	"constat/journal"

	"github.com/spf13/cobra"
)

// storeStatus is what "status -o json" prints; the names are a contract.
type storeStatus struct {
	Store    string                   `json:"store"`
	Origin   string                   `json:"origin"`
	Code     string                   `json:"code"`
	Socket   string                   `json:"socket"`       // "" without a daemon
	HTTP     string                   `json:"http"`         // "" without a daemon
	Inputs   []string                 `json:"inputs"`       // kind and address, such as "udp 127.0.0.1:5514"; empty without a daemon
	Witness  string                   `json:"witness_vkey"` // of the witness that this store is for others; "" if it cannot be read
	Journals map[string]journalStatus `json:"journals"`
	Outputs  map[string]outputStatus  `json:"outputs"`

	Station *stationStatus `json:"station,omitempty"` // of which the store is one boot

	Words      string      `json:"words"`       // of the code, for reading aloud
	Operator   string      `json:"operator"`    // vkey of who endorsed the store; "" is nobody
	Seal       *sealStatus `json:"seal"`        // the newest; null before the first
	Unsealed   uint64      `json:"unsealed"`    // entries that it does not cover
	Generation uint32      `json:"generation"`  // of seal keys in force
	ByIdentity bool        `json:"by_identity"` // that generation is endorsed by the identity alone
}

type journalStatus struct {
	Origin   string `json:"origin"`
	VKey     string `json:"vkey"`
	ID       string `json:"id"`
	TimeAxis string `json:"time_axis"`
	Size     uint64 `json:"size"`
	Signed   uint64 `json:"signed"` // entries under the newest checkpoint
	Root     string `json:"root"`
	Bytes    int64  `json:"bytes"` // on disk
	// Unconverted is how many complete heads are no segments: they wait, or convert: never leaves them so.
	Unconverted int    `json:"unconverted"`
	Pruned      uint64 `json:"pruned"` // entries in ranges that retention has pruned, those that stay there included
	// Held says by which limits retention would remove more, did the floor not hold it back: "age", "size", "space".
	Held []string `json:"held"`
	// Witnesses and Stamp say who vouched for the journal last.
	Witnesses []vouchedStatus `json:"witnesses"`
	Stamp     *stampStatus    `json:"timestamp,omitempty"`
}

func (a *app) statusCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "status",
		Short: "Show origin, verification code, and each journal's key, size and checkpoint",
		Example: `  constat status
  constat status -o json | jq -r .code`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.showStatus(format) },
	}
	c.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return c
}

func (a *app) showStatus(format string) error {
	if format != "text" && format != "json" {
		return usage("-o %q: want text or json", format)
	}
	r, err := a.openReader()
	if err != nil {
		return err
	}
	s, names, whole, err := a.readStatus(r)
	if err != nil {
		return err
	}
	if err := a.printStatus(s, names, format); err != nil {
		return err
	}
	if !whole {
		return &exitError{exitFailed, nil}
	}
	return nil
}

func (a *app) printStatus(s storeStatus, names []string, format string) error {
	if format == "json" {
		e := json.NewEncoder(a.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(s)
	}
	fmt.Fprintf(a.out, "store   %s\norigin  %s\ncode    %s\n", printable(s.Store), printable(s.Origin), s.Code)
	if s.Socket != "" {
		fmt.Fprintf(a.out, "socket  %s\n", printable(s.Socket))
	}
	if s.HTTP != "" {
		fmt.Fprintf(a.out, "http    %s\n", printable(s.HTTP))
	}
	for _, name := range s.Inputs {
		fmt.Fprintf(a.out, "input   %s\n", printable(name))
	}
	a.printSeals(s)
	if s.Witness != "" {
		fmt.Fprintf(a.out, "witness %s\n", printable(s.Witness))
	}
	for _, name := range names {
		j := s.Journals[name]
		fmt.Fprintf(a.out, "journal %s\n  entries %d, signed up to %d, %d bytes on disk\n  vkey    %s\n", name, j.Size, j.Signed, j.Bytes, printable(j.VKey))
		if j.Unconverted > 0 {
			fmt.Fprintf(a.out, "  heads   %d complete and no segments\n", j.Unconverted)
		}
		if j.Pruned > 0 {
			fmt.Fprintf(a.out, "  pruned  %d entries\n", j.Pruned)
		}
		if len(j.Held) > 0 {
			fmt.Fprintf(a.out, "  floor   holds retention back, which would remove more by %s\n", strings.Join(j.Held, ", "))
		}
		a.printVouched(j)
	}
	a.printOutputs(s)
	return a.out.err
}

// endpoints is where the daemon of a store can be reached, if one runs. What a dead one left behind does not count.
func endpoints(dir string) (e native.Endpoints) {
	e, err := native.Find(dir)
	if err != nil {
		return native.Endpoints{}
	}
	conn, err := net.Dial("unix", e.Socket)
	if err != nil {
		return native.Endpoints{}
	}
	conn.Close()
	return e
}

// readStatus reads what can be read; whole says that this is all.
func (a *app) readStatus(r *journal.Reader) (s storeStatus, names []string, whole bool, err error) {
	c := r.Certificate()
	s = storeStatus{Store: r.Dir(), Origin: c.Origin, Code: c.Code().String(), Journals: map[string]journalStatus{}}
	daemon := endpoints(r.Dir())
	s.Socket, s.HTTP, s.Inputs = daemon.Socket, daemon.HTTP, append([]string{}, daemon.Inputs...)
	s.Witness = a.witnessVKey(r.Dir())
	views, whole, err := a.snapshot(r, nil)
	if err != nil {
		return s, nil, false, err
	}
	defer journal.CloseViews(views)
	if err := a.sealsOf(&s, r, views); err != nil {
		whole = false
		a.say("constat: seals: %v", err)
	}
	if s.Outputs, err = outputsOf(r, views, s.Socket != ""); err != nil {
		whole = false
		a.say("constat: outputs: %v", err)
	}
	held := heldBack(views)
	for _, v := range views {
		d := v.Journal
		j := journalStatus{Origin: d.Origin, VKey: c.Identity.VKey(d.Origin), ID: fmt.Sprintf("%x", d.ID[:]),
			TimeAxis: string(d.Axis), Size: v.Size, Bytes: sizeOf(filepath.Join(r.Dir(), d.Name)),
			Unconverted: v.Unconverted(), Held: append([]string{}, held[d.Name]...)}
		j.Witnesses, j.Stamp = a.vouchedFor(r, v)
		for _, p := range v.Pruned() {
			j.Pruned += p.Last - p.First + 1
		}
		if point, err := r.Checkpoint(d.Name); err == nil {
			j.Signed, j.Root = point.Size, point.Root.String()
		} else {
			whole = false
			a.say("constat: checkpoint of journal %s: %v", d.Name, err)
		}
		s.Journals[d.Name] = j
		names = append(names, d.Name)
	}
	return s, names, whole, nil
}
