package daemon

import (
	"context"
	"os"
	"testing"

	"constat/internal/cli"
)

// asProgram in the environment makes this binary stand for constat.
const asProgram = "CONSTAT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, func(ctx context.Context, o cli.ServeOptions) error {
			return Serve(ctx, Command{ConfigFile: o.ConfigFile, Config: o.Config, SyslogConf: o.SyslogConf, Dir: o.Dir, Open: o.Open, FS: o.FS, Out: o.Out, Err: o.Err})
		}))
	}
	if said := os.Getenv(asCaller); said != "" {
		callAudit(said)
		os.Exit(0)
	}
	os.Exit(m.Run())
}
