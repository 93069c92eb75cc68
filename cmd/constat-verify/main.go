// Command constat-verify checks evidence files. It needs neither the store nor a network, and is small, so that whoever
// has to rely on it can read all of it: besides the standard library it is made of the packages evidence, seal, entry
// and golang.org/x/mod.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"constat/evidence"
	"constat/seal"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const help = `usage: constat-verify [--code CODE] [--policy FILE] [-o text|json] FILE.evidence.zip|PAGE.html|TILES

Checks evidence that 'constat prove' has made, or a directory that 'constat export --tiles' has made of one journal.

  --code CODE    verification code that the store must have, base32 or hex; without it the file vouches for itself
  --policy FILE  witnesses that must have cosigned (c2sp.org/tlog-policy)
  --vkey KEY     of TILES: verifier key of the journal, as 'constat status' shows it
  -o FORMAT      text or json

Exit status: 0 verified, 1 tampered, 2 sound but not pinned or below the policy, 3 unreadable or usage.
`

// unreadable is the exit status for what cannot be read, and for mistakes in usage.
const unreadable = int(evidence.Unreadable)

// run checks what the arguments name and returns the exit status.
func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("constat-verify", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() { fmt.Fprint(errs, help) }
	code, policy, vkey := flags.String("code", "", ""), flags.String("policy", "", ""), flags.String("vkey", "", "")
	format := flags.String("o", "text", "")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 || *format != "text" && *format != "json" {
		if err == nil {
			flags.Usage()
		}
		return unreadable
	}
	report, err := check(flags.Arg(0), *code, *policy, *vkey)
	if err == nil {
		err = show(report, *format, out)
	}
	if err != nil {
		fmt.Fprintf(errs, "constat-verify: %v\n", err)
		return unreadable
	}
	return int(report.Verdict)
}

// check reads the file and what it is to be held to.
func check(name, code, policy, vkey string) (*evidence.Report, error) {
	var o evidence.Options
	if code != "" {
		pin, err := seal.ParseCode(code)
		if err != nil {
			return nil, fmt.Errorf("--code: %w", err)
		}
		o.Code, o.PinnedBy = &pin, "--code"
	}
	if policy != "" {
		text, err := os.ReadFile(policy)
		if err != nil {
			return nil, fmt.Errorf("--policy: %w", err)
		}
		if o.Policy, err = seal.ParsePolicy(text); err != nil {
			return nil, fmt.Errorf("--policy %s: %w", policy, err)
		}
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return evidence.VerifyTiles(os.DirFS(name), vkey), nil
	}
	data, err := read(name)
	if err != nil {
		return nil, err
	}
	return evidence.Verify(data, o), nil
}

// read reads a file that is no longer than evidence may be.
func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, evidence.MaxFile+1))
	if len(data) > evidence.MaxFile {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, evidence.MaxFile)
	}
	return data, err
}

func show(r *evidence.Report, format string, out io.Writer) error {
	if format == "text" {
		_, err := io.WriteString(out, r.Text())
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
