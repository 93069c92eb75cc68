// Command constat is one journal for every event of a machine, provable to a stranger afterwards.
//
// See "constat --help" and README.md.
package main

import (
	"context"
	"os"

	"constat/internal/cli"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
