// Package search finds entries: it executes queries of the language over the views of one snapshot and puts several
// journals into one order.
//
// Within a journal the order is always that of the index. Journals are merged by epoch and time, where the time is
// that of the axis: the one of each journal, or the one asked for.
//
// There is one order for all questions: the newest N are the last N of the whole, reverse is its reverse, and what
// begins at a cursor is the rest from there. See order.go for what that takes where event times go up and down.
//
// # Two ways to one answer
//
// A filter is compiled to conditions (cond.go), which say of an entry whether it is wanted. Heads are asked entry by
// entry. Of segments, a scan (scan.go) reads what the condition needs and no more: first the directory (kinds, indexes,
// bounds of times; which groups have the fields at all), then dictionaries, templates and filters, then the columns,
// block by block and only for the rows that are still possible (eval.go). Entries are made of what is left. Groups whose
// columns do not tell everything (rare shapes, values in blobs) are asked entry by entry, as is a block in which a
// column is damaged. Property tests hold both ways to the same rows.
//
// Segments are searched beside each other and a few ahead of the one that is being read (parts.go). Statistics need no
// order: each worker counts what it finds, by dictionary codes and times where that is all that is asked (count.go).
//
// # Pipes
//
// Results are pushed through stages (stage.go). What a stage must keep is bounded; more is an error that says what to
// do. What cannot be read is told around the pipes, as [*journal.MissingError].
package search
