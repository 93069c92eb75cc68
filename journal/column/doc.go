// Package column keeps lists of byte strings and of integers in few bytes, and searches them without decoding all of it.
package column
