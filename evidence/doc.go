// Package evidence makes and checks evidence files: a selection of the entries of a store with everything that proves
// it to somebody who has neither the store nor the network.
package evidence
