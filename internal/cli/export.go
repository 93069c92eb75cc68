package cli

import (
	"fmt"

	"constat/internal/tiles"
	"constat/internal/vfs"

	"github.com/spf13/cobra"
)

func (a *app) exportCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "export --tiles DIR",
		Short: "Write the log as static tlog-tiles, for tools of others and for any web server",
		Long: `Write every journal as a C2SP tlog-tiles directory: DIR/JOURNAL/checkpoint and DIR/JOURNAL/tile/…. Run it again to
bring the directory up to date. It holds the events: whoever may read it may read them.`,
		Example: `  constat export --tiles /srv/www/log`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return usage("--tiles DIR is missing")
			}
			r, err := a.openReader()
			if err != nil {
				return err
			}
			progress := newProgress(a.err, isTerminal(a.err))
			var last tiles.Progress
			err = tiles.Export(cmd.Context(), vfs.OS(), r, dir, func(p tiles.Progress) {
				last = p
				progress.show("journal %s: %d of %d entries", p.Journal, p.Done, p.Total)
			})
			progress.clear()
			if err != nil {
				return fmt.Errorf("export to %s: %w", dir, err)
			}
			a.say("exported to %s: %d files written, %d as they were", dir, last.Written, last.Kept)
			return nil
		},
	}
	c.Flags().StringVar(&dir, "tiles", "", "`DIR` to write to")
	return c
}
