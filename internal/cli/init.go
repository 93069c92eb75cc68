package cli

import (
	"errors"
	"fmt"

	"constat/internal/config"
	"constat/internal/vfs"
	"constat/journal"
	"constat/seal"

	"github.com/spf13/cobra"
	"rsc.io/qr"
)

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init",
		Short: "Make a store with new keys and print its verification code",
		Long: `Make a store with new keys and print its public verification code, as text and as QR code.

Publish the code, mail it, print it: whoever holds it can verify the store, nobody can forge with it.
The page for people is in the store as identity.txt. With --operator-key, the key of an organisation, which need not
stay on the machine, vouches for the store: 'constat status' shows it.
With --station-key the store is of this boot only, in memory, and the code is that of the station: it stands for the
stores of all its boots. See docs/station.md.
Every command that writes makes a store by itself if there is none.`,
		Example: `  constat init --store /srv/journal --origin host.example/journal
  openssl genpkey -algorithm ed25519 -out /media/safe/operator.pem
  constat init --operator-key /media/safe/operator.pem --operator acme.example
  constat init --station-key station.pem --station station-7 --code-only   (when the key is made)
  constat init --store /run/constat --station-key station.pem --station station-7   (at each boot)`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, err := a.storeDir()
			if err != nil {
				return err
			}
			return a.init(dir, f)
		},
	}
	c.Flags().StringVar(&f.origin, "origin", "", "name of the store, a URL without scheme (default the host name)")
	c.Flags().StringVar(&f.keyFile, "operator-key", "", "private Ed25519 key in PEM, `FILE`, that endorses the new store")
	c.Flags().StringVar(&f.operator, "operator", "operator", "`NAME` of the operator, with --operator-key")
	c.Flags().StringVar(&f.after, "after", "", "store `DIR` that the new one follows: it vouches for the new one")
	c.Flags().StringVar(&f.stationKey, "station-key", "", "private Ed25519 key in PEM, `FILE`, of the station of which the new store is one boot")
	c.Flags().StringVar(&f.station, "station", "", "`NAME` of the station, with --station-key (default the host name)")
	c.Flags().BoolVar(&f.codeOnly, "code-only", false, "make nothing, print the code of the station, with --station-key")
	return c
}

// initFlags are the flags of "init".
type initFlags struct {
	origin, keyFile, operator, after string
	station, stationKey              string
	codeOnly                         bool
}

// beStation takes the flags of a station. done says that the code was all that was wanted.
func (a *app) beStation(dir string, f initFlags) (done bool, err error) {
	switch {
	case f.stationKey == "" && (f.station != "" || f.codeOnly):
		return false, usage("--station and --code-only say nothing without --station-key")
	case f.stationKey == "":
		return false, nil
	case f.origin != "":
		return false, usage("--origin: the name of a store of a station is --station and the boot id")
	}
	if a.station, err = newStation(f.station, "--station-key", f.stationKey); err != nil {
		return false, err
	}
	if f.codeOnly {
		return true, a.printCode(a.station.Code())
	}
	memory := config.Config{Volatile: &config.Volatile{}}
	policy := memory.Kept().Policy(memory.Volatile.Bytes())
	a.floors = &policy
	return false, inMemory(dir)
}

// init makes a store.
func (a *app) init(dir string, f initFlags) error {
	if done, err := a.beStation(dir, f); done || err != nil {
		return err
	}
	if f.origin == "" {
		f.origin = defaultOrigin()
	}
	if err := seal.ValidOrigin(f.origin); err != nil {
		return usage("--origin: %w", err)
	}
	var key *seal.Identity
	if err := seal.ValidOrigin(f.operator); err != nil {
		return usage("--operator: %w", err)
	}
	if f.keyFile != "" {
		var err error
		if key, err = readPrivateKey("--operator-key", f.keyFile); err != nil {
			return err
		}
	}
	var old *journal.Writer
	if f.after != "" {
		var err error
		if old, err = openOld(f.after); err != nil {
			return err
		}
		defer old.Close() // what it has to keep is durable
	}
	certificate, err := a.create(dir, f.origin)
	if err != nil {
		return hint(err)
	}
	if key != nil {
		vkey, err := endorse(dir, certificate, f.operator, key)
		if err != nil {
			return err
		}
		a.say("constat: endorsed by %s", vkey)
	}
	w, err := journal.OpenWriter(vfs.OS(), dir, journal.Options{Floors: a.floors})
	if err != nil {
		return hint(err)
	}
	if old != nil {
		if err := succeed(old, w); err != nil {
			return errors.Join(fmt.Errorf("--after %s: %w", f.after, err), w.Close())
		}
	}
	if err := finish(w); err != nil {
		return err
	}
	if a.station != nil {
		a.say("constat: the code is that of station %s; this boot alone has %s", a.station.Name, certificate.Code())
	}
	return a.printCode(a.station.codeOf(certificate))
}

// printCode prints a code, and for people in all the forms in which it is passed on.
func (a *app) printCode(c seal.Code) error {
	code := c.String()
	fmt.Fprintf(a.out, "%s\n", code)
	fmt.Fprintf(a.err, "hex    %x\nwords  %s (for reading aloud; only the whole code is a pin)\n", c[:], wordsOf(c))
	drawing, err := drawQR(code)
	if err != nil {
		return errors.Join(errors.New("QR code"), err)
	}
	_, err = fmt.Fprintln(a.err, drawing)
	return err
}

// drawQR draws a QR code with half blocks, two rows of modules a line, dark on light with a quiet zone.
func drawQR(text string) (string, error) {
	const quiet = 2
	q, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", err
	}
	var out []rune
	for y := -quiet; y < q.Size+quiet; y += 2 {
		for x := -quiet; x < q.Size+quiet; x++ {
			top, bottom := q.Black(x, y), q.Black(x, y+1)
			out = append(out, halfBlock(top, bottom))
		}
		out = append(out, '\n')
	}
	return string(out), nil
}

// halfBlock is drawn on a dark terminal: light modules are painted.
func halfBlock(topBlack, bottomBlack bool) rune {
	switch {
	case topBlack && bottomBlack:
		return ' '
	case topBlack:
		return '▄'
	case bottomBlack:
		return '▀'
	}
	return '█'
}
