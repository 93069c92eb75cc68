package cli

import (
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"time"

	"constat/journal/check"
	"constat/seal"

	"github.com/spf13/cobra"
)

// outsideFlags are the flags of "verify" about what others say of the store.
type outsideFlags struct {
	policy      string
	checkpoints []string
	ca          string
}

func (f *outsideFlags) add(c *cobra.Command) {
	s := c.Flags()
	s.StringVar(&f.policy, "policy", "", "`FILE` that says whose cosignatures are wanted (c2sp.org/tlog-policy)")
	s.StringArrayVar(&f.checkpoints, "checkpoint", nil, "`FILE` with a checkpoint of the store that was kept elsewhere, cosigned or not; may be repeated")
	s.StringVar(&f.ca, "timestamp-ca", "", "`FILE` with the certificates (PEM) by which time stamps are checked")
}

// vouching reads what the flags name.
func (f *outsideFlags) vouching() (v check.Vouching, err error) {
	if v.Policy, err = readPolicy(f.policy); err != nil {
		return v, err
	}
	for _, name := range f.checkpoints {
		data, err := readLimited(name, seal.MaxCheckpoint)
		if err != nil {
			return v, fmt.Errorf("--checkpoint %s: %w", name, err)
		}
		v.Outside = append(v.Outside, check.Outside{Name: name, Note: data})
	}
	v.StampRoots, err = readCA(f.ca)
	return v, err
}

// readCA reads the certificates by which time stamps are checked; nil without a name.
func readCA(name string) (*x509.CertPool, error) {
	if name == "" {
		return nil, nil
	}
	data, err := readLimited(name, 1<<20)
	pool := x509.NewCertPool()
	if err == nil && !pool.AppendCertsFromPEM(data) {
		err = fmt.Errorf("holds no certificate in PEM")
	}
	if err != nil {
		return nil, fmt.Errorf("--timestamp-ca %s: %w", name, err)
	}
	return pool, nil
}

// readPolicy reads a policy on witnesses; nil without a name.
func readPolicy(name string) (p *seal.Policy, err error) {
	if name == "" {
		return nil, nil
	}
	data, err := readLimited(name, seal.MaxPolicy)
	if err == nil {
		p, err = seal.ParsePolicy(data)
	}
	if err != nil {
		return nil, fmt.Errorf("--policy %s: %w", name, err)
	}
	return p, nil
}

// readLimited reads a file of at most limit bytes, which may be a pipe.
func readLimited(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return data, err
}

// printOutside says what others say.
func printOutside(line func(format string, args ...any), r *check.Report) {
	if p := r.Policy; p != nil {
		word := "not satisfied"
		if p.Satisfied {
			word = "satisfied"
		}
		line("  policy    %s: %s", word, p.Text)
	}
	for _, s := range r.Stamps {
		line("  timestamp %-12s %d entries were there at %s: %s", s.Journal, s.Size, s.Time.Format(time.RFC3339), s.Text)
	}
}
