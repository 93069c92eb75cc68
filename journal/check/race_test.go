//go:build race

package check_test

// stride is how many operations or bytes a test goes on by: the race detector makes everything slow, and what it looks
// for does not depend on which of them fails.
const stride = 5
