// Package search finds entries: it filters the views of one snapshot and puts several journals into one order.
//
// Within a journal the order is always that of the index. Journals are merged by epoch and time, where the time is
// that of the axis: the one of each journal, or the one asked for. It reads frames only where an entry can match.
//
// There is one order for all questions: the newest N are the last N of the whole, reverse is its reverse, and what
// begins at a cursor is the rest from there. See order.go for what that takes where event times go up and down.
package search
