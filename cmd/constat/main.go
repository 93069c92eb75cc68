// Command constat is one journal for every event of a machine, provable to a stranger afterwards.
//
// See "constat --help" and README.md.
package main

import (
	"context"
	"os"

	"constat/internal/cli"
	"constat/internal/daemon"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, serve))
}

// serve is the daemon as the command line starts it.
func serve(ctx context.Context, o cli.ServeOptions) error {
	return daemon.Serve(ctx, daemon.Command{ConfigFile: o.ConfigFile, Config: o.Config, SyslogConf: o.SyslogConf, Dir: o.Dir, Open: o.Open, FS: o.FS, Out: o.Out, Err: o.Err})
}
