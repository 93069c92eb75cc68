package cli

import (
	"errors"

	"constat/internal/input/native"

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
			if _, done, err := a.request(native.Request{Op: "rotate"}, func(*native.Client) error { return nil }); done || err != nil {
				return err
			}
			w, err := a.openWriter()
			if err != nil {
				return err
			}
			return errors.Join(w.Rotate(), finish(w))
		},
	}
}
