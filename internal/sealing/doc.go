// Package sealing decides when a daemon makes seals, and why: pure times, no store. Whoever uses it looks at the clocks
// every [Poll], tells the [Policy] what happened, and asks what is due.
package sealing
