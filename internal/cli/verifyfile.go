package cli

import (
	"encoding/json"
	"fmt"
	"os"

	"constat/evidence"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/seal"
)

// isEvidence reports whether a path is that of a file: a store is a directory.
func isEvidence(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// verifyEvidence checks an evidence file.
func (a *app) verifyEvidence(f verifyFlags, path string) error {
	data, err := durable.ReadFile(vfs.OS(), path, evidence.MaxFile)
	if err != nil {
		return err
	}
	o, err := evidencePin(f, data)
	if err != nil {
		return err
	}
	if o.Policy, err = readPolicy(f.outside.policy); err != nil {
		return err
	}
	if o.StampRoots, err = readCA(f.outside.ca); err != nil {
		return err
	}
	if len(f.outside.checkpoints) > 0 {
		return usage("--checkpoint is about a store; evidence holds its own checkpoints")
	}
	r := evidence.Verify(data, o)
	if f.output == "json" {
		e := json.NewEncoder(a.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(r); err != nil {
			return err
		}
	} else {
		fmt.Fprint(a.out, printable(r.Text()))
	}
	if a.out.err == nil && r.Verdict != evidence.Verified {
		return &exitError{int(r.Verdict), nil}
	}
	return a.out.err
}

// evidencePin finds the code that evidence must have: the one given, or one that is known on this machine.
func evidencePin(f verifyFlags, data []byte) (o evidence.Options, err error) {
	if f.code != "" {
		pin, err := seal.ParseCode(f.code)
		if err != nil {
			return o, fmt.Errorf("--code: %w", err)
		}
		if f.station != "" {
			return stationPin(f.station, pin, data)
		}
		return evidence.Options{Code: &pin, PinnedBy: "--code"}, nil
	}
	if f.station != "" {
		return o, usage("--station: its file proves nothing without the code of the station, --code")
	}
	c, err := evidence.CertificateOf(data)
	if err != nil {
		return o, nil // the check says what is wrong
	}
	pin, by, err := pinFor(c, "")
	return evidence.Options{Code: pin, PinnedBy: by}, err
}

// stationPin finds the code of the store of one boot: the file says it, signed by the station whose code is given.
func stationPin(file string, code seal.Code, data []byte) (o evidence.Options, err error) {
	c, err := evidence.CertificateOf(data)
	if err != nil {
		return evidence.Options{Code: &code, PinnedBy: "--code"}, nil // the check says what is wrong
	}
	note, err := durable.ReadFile(vfs.OS(), file, layout.MaxDescriptor)
	if err != nil {
		return o, fmt.Errorf("--station: %w", err)
	}
	s, boot, err := seal.OpenBoot(note, c)
	if err != nil {
		return o, fmt.Errorf("--station %s: %w", file, err)
	}
	if s.Code() != code {
		return evidence.Options{Code: &code, PinnedBy: "--code"}, nil
	}
	pin := c.Code()
	by := fmt.Sprintf("--code, which is that of station %s, whose key endorses the store of boot %s (not forward-secure across boots)", s.Name, boot)
	return evidence.Options{Code: &pin, PinnedBy: by}, nil
}
