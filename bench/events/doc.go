// Package events makes events as a site of some dozen machines writes them, for those who have no logs to measure with.
//
// A seed gives the same events for ever, so that figures of different versions and machines can be compared. Half of
// the varying values have been seen before and half are new, hosts and programs speak in bursts, and a few of them say
// most: that is what makes logs compress as they do.
package events
