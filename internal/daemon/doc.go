// Package daemon is the composition root of "constat serve": it builds the parts from the configuration, starts them,
// and stops them in the reverse order. Start and stop stand on one page, in [Run].
package daemon
