// Package search finds entries: it filters the views of one snapshot and puts several journals into one order.
//
// Within a journal the order is always that of the index. Journals are merged by epoch and time, where the time is
// that of the axis: the one of each journal, or the one asked for. It reads frames only where an entry can match.
package search
