// Package segment is the format of what a complete head becomes: one immutable file in columns.
//
// The design, with the words used here (position, row, shape, group, block, column), is in docs/design/0002-segments.md.
package segment
