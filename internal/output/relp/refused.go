package relp

import "crypto/sha256"

// giveUpAfter is how often a message is refused before it is given up.
const giveUpAfter = 10

// GivenUpReason is what a message is counted under that a server takes in no case.
const GivenUpReason = "refused by the server, which takes others"

// refusals remembers, from one session to the next, what a server has refused. One message that it never takes, such as
// one that is too long for it, would hold up all behind it for ever.
type refusals struct {
	digest [sha256.Size]byte // of the message
	times  int               // that it was refused
	limit  int               // length of the shortest message that was given up, in octets; 0: none was
}

// alone reports whether a message is better sent alone: it was refused before, and those behind it would come twice.
func (r *refusals) alone(message []byte) bool {
	return r.times > 0 && r.times < giveUpAfter-1 && r.digest == sha256.Sum256(message)
}

// giveUp notes that a message was refused, and reports whether it is given up: if the server has taken others
// meanwhile, so that it is about this one, and has refused it often enough, or one that is not longer before.
func (r *refusals) giveUp(message []byte, others bool) bool {
	if digest := sha256.Sum256(message); r.digest != digest {
		r.digest, r.times = digest, 0
	}
	r.times++
	known := r.limit > 0 && len(message) >= r.limit
	if !others || !known && r.times < giveUpAfter {
		return false
	}
	r.times = 0
	if r.limit == 0 || len(message) < r.limit {
		r.limit = len(message)
	}
	return true
}

// taken notes that a message was acknowledged.
func (r *refusals) taken(message []byte) {
	if len(message) >= r.limit {
		r.limit = 0 // the server has learnt it
	}
}
