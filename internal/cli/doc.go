// Package cli is the command line: one file a verb. Data goes to standard output, talk to standard error.
//
// Exit statuses are a contract: 0 good, 1 failed, 2 usage; "verify" has its own (package check). Flags beat the
// environment, which beats the defaults.
package cli
