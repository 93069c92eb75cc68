// Package lint holds the rules of this tree that no stock tool checks, as
// ordinary Go tests. Run them with
//
//	go test ./internal/lint
//
// and with -v to see the ten longest files and functions.
//
// The rules, one file each:
//
//	table.go    the data: which package may import which, and why not
//	imports.go  imports follow the table; a package outside it is an error
//	docs.go     package comments; doc comments of the public packages
//	habits.go   no init outside cmd, no grab-bag packages, no dot imports,
//	            no panic in parsers
//	sizes.go    files of at most 500 lines, functions of at most 120, main
//	            of at most 40
//	text.go     text that must not be in the tree
//	readme.go   documents that must be there; the README's two commands
//
// A rule is a function from a [Tree] or an [io/fs.FS] to findings, so that each is
// tested on small made-up sources as well as on the real tree: a rule that
// cannot fail is worth nothing.
//
// Every .go file is read, whatever its build constraints say, except those
// that the go command never builds: in folders that begin with "." or "_" or
// are called testdata or vendor, and files marked "//go:build ignore". So are
// folders that are modules of their own.
package lint
