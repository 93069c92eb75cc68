//go:build !race

package journal_test

// stride is how many operations or bytes a test goes on by: every one of them has its turn.
const stride = 1
