package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"constat/internal/parse"

	"github.com/spf13/cobra"
)

// benchFlags are the flags of "bench".
type benchFlags struct {
	format, dir string
	rounds      int
}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench FILE…",
		Short: "Measure size and speed with your own log files, in a store that is removed afterwards",
		Long: `Import a copy of log files into a temporary store and measure: the size on disk beside the text's, the rate of the
import until everything is signed and in segments, the times of some queries, whose words are drawn from the files, and
the rate of a full check. The files and your stores are only read; nothing is left behind, also after ctrl-C.

Times are those of whole processes with the files in memory, the median of --rounds. The store needs less room than the
text, on the disk of --dir.`,
		Example: `  constat bench /var/log/syslog /var/log/auth.log
  constat bench --dir /srv/tmp --rounds 11 access.log
  journalctl -o export > journal.export && constat bench --format export journal.export`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			err := a.bench(ctx, f, files)
			if ctx.Err() != nil {
				return errors.New("interrupted; nothing is left behind")
			}
			return err
		},
	}
	c.Flags().StringVar(&f.format, "format", "auto", "auto, rfc3164, rfc5424, syslog, jsonl, export, zato or text")
	c.Flags().StringVar(&f.dir, "dir", os.TempDir(), "`DIR` on the disk to measure")
	c.Flags().IntVar(&f.rounds, "rounds", 5, "how often each query is asked, 1 to 1000")
	complete(c, "format", "auto", "rfc3164", "rfc5424", "syslog", "jsonl", "export", "text")
	return c
}

// bench measures with copies of the files.
func (a *app) bench(ctx context.Context, f benchFlags, files []string) (err error) {
	if f.rounds < 1 || f.rounds > 1000 {
		return usage("--rounds %d: want 1 to 1000", f.rounds)
	}
	if _, err := parse.FormatByName(f.format); err != nil {
		return usage("--format: %w", err)
	}
	text, err := textSize(files)
	if err != nil {
		return err
	}
	if f.dir, err = filepath.Abs(f.dir); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(f.dir, "constat-bench-")
	if err != nil {
		return fmt.Errorf("--dir: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := enoughRoom(work, text); err != nil {
		return err
	}
	m := benchmark{app: a, self: self, work: work, rounds: f.rounds, text: text}
	return m.measure(ctx, f.format, files)
}

// textSize is the size of the files, each of which can be read twice.
func textSize(files []string) (sum int64, err error) {
	for _, name := range files {
		if name == "-" {
			return 0, usage("bench cannot read standard input (-): what is imported is compared with the size of files; write it to one")
		}
		info, err := os.Stat(name)
		if err != nil {
			return 0, err
		}
		if !info.Mode().IsRegular() {
			return 0, fmt.Errorf("%s is no regular file: name the log files themselves", name)
		}
		sum += info.Size()
	}
	if sum == 0 {
		return 0, errors.New("the files are empty: there is nothing to measure")
	}
	return sum, nil
}

// enoughRoom refuses to begin where the store may not fit.
func enoughRoom(dir string, text int64) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return err
	}
	if free := int64(st.Bavail) * st.Bsize; free < text {
		return fmt.Errorf("--dir %s: %d MB are free and %d MB may be needed; name a directory on a larger disk", filepath.Dir(dir), free>>20, text>>20)
	}
	return nil
}

// reportLine prints one line of the result.
func reportLine(w io.Writer, what, format string, args ...any) error {
	_, err := fmt.Fprintf(w, "%-36s %s\n", what, fmt.Sprintf(format, args...))
	return err
}
