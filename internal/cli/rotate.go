package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) rotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "rotate",
		Short:   "End the heads of all journals: the next entry begins a new file",
		Example: `  constat rotate`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := a.openReader(); err != nil {
				return err // rotating makes no store
			}
			w, err := a.openWriter()
			if err != nil {
				return err
			}
			return errors.Join(w.Rotate(), finish(w))
		},
	}
}
