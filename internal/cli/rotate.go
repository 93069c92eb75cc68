package cli

import (
	"context"
	"errors"

	"constat/internal/input/native"
	"constat/journal"

	"github.com/spf13/cobra"
)

func (a *app) rotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "rotate",
		Short:   "End the heads of all journals and make segments of them: the next entry begins a new file",
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
			return rotate(w)
		},
	}
}

// rotate ends all heads and waits until they are segments.
func rotate(w *journal.Writer) error {
	err := errors.Join(w.Rotate(), w.Checkpoint())
	if err == nil {
		_, err = w.Convert(context.Background())
	}
	return hint(errors.Join(err, w.Close()))
}
