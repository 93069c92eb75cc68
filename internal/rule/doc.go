// Package rule decides where entries go: by the lines of a syslog.conf, or by rules of the configuration.
//
// It is pure. [Parse] makes a [Set] of text, [New] of rules that were put together otherwise, [Set.Match] says which
// targets an entry goes to. Nothing here opens an output; files that a syslog.conf includes come through [Files].
//
// # The life of an entry
//
// The journal comes first: rules are read by those who follow it, so that a rule, or its absence, never keeps an entry
// out of the journal. What a rule decides is where an entry goes besides. A discard (~, stop) ends the evaluation: later
// rules do not see the entry. It stays in the journal.
//
// # Dialects
//
// A line of selectors, such as mail.info;mail.!=crit, means different sets to different daemons. There are two models,
// and so two dialects:
//
//	accumulate   sysklogd, rsyslog, inetutils: each selector adds to the set of its facilities, or removes from it
//	bsd          4.4BSD, FreeBSD: each selector replaces the set of its facilities; < and > compare
//
// In both, what is malformed is a [Problem] with its line and column, and the rule is left out. No malformed selector
// ever selects everything.
//
// docs/rules.md is the reference of the language.
package rule
