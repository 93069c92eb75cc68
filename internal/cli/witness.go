package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"constat/internal/vfs"
	"constat/internal/witness"
	"constat/journal"
)

// vouchedStatus is somebody who vouched for a journal, as "status -o json" prints it; the names are a contract.
type vouchedStatus struct {
	Witness string    `json:"witness"` // name of the key
	Size    uint64    `json:"size"`    // entries of the newest checkpoint that it cosigned
	Time    time.Time `json:"time"`    // when, as it says
}

// stampStatus is the newest time stamp of a journal.
type stampStatus struct {
	Size uint64    `json:"size"`
	Time time.Time `json:"time"` // as the authority says; its signature is not checked here
}

// makeWitnessKey makes the key of the witness that a daemon of the store is for others, so that it can be told to them
// before one runs.
func makeWitnessKey(dir, origin string) error {
	_, err := witness.LoadKey(vfs.OS(), dir, witness.DefaultName(origin))
	return err
}

// witnessVKey is the verifier key of that witness; "" if there is none, or if it is not for us to read.
func (a *app) witnessVKey(dir string) string {
	k, err := witness.ReadKey(vfs.OS(), dir)
	if err == nil {
		return k.Cosigner().VKey()
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		a.say("constat: %v", err)
	}
	return ""
}

// vouchedFor reads who vouched for a journal: of each witness the newest cosignature, which is not checked here.
func (a *app) vouchedFor(r *journal.Reader, v *journal.View) (list []vouchedStatus, stamp *stampStatus) {
	list = []vouchedStatus{}
	dir := filepath.Join(r.Dir(), v.Journal.Name)
	cosigned, err := witness.ReadCosigned(vfs.OS(), dir, v.Journal.Origin, r.Certificate().Identity)
	if err != nil {
		a.say("constat: cosignatures of journal %s: %v", v.Journal.Name, err)
	}
	for _, c := range cosigned {
		for _, s := range c.By {
			list = append(list, vouchedStatus{s.Name, c.Size, time.Unix(s.Time, 0).UTC()})
		}
	}
	head, token, err := witness.ReadStampHead(vfs.OS(), dir)
	if err == nil {
		stamp = &stampStatus{head.Size, token.Time}
	} else if !errors.Is(err, fs.ErrNotExist) {
		a.say("constat: time stamp of journal %s: %v", v.Journal.Name, err)
	}
	return list, stamp
}

func (a *app) printVouched(j journalStatus) {
	for _, w := range j.Witnesses {
		fmt.Fprintf(a.out, "  witness %s cosigned %d entries at %s\n", printable(w.Witness), w.Size, w.Time.Format(time.RFC3339))
	}
	if j.Stamp != nil {
		fmt.Fprintf(a.out, "  stamped %d entries at %s\n", j.Stamp.Size, j.Stamp.Time.Format(time.RFC3339))
	}
}
