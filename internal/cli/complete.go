package cli

import "github.com/spf13/cobra"

// complete lists the values of a flag for the completions of shells.
func complete(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic("cli: " + err.Error()) // no such flag, or twice
	}
}

// completionShell answers "completion" without one of its commands.
func completionShell(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("completion: unknown shell %q; want bash, zsh, fish or powershell", args[0])
	}
	return c.Help()
}
