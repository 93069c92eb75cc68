package audit

import "time"

// Option adds to an entry. Where one is given twice the last counts, except that [Extra] and [Private] add up.
type Option func(*call)

// call is what a caller says.
type call struct {
	level                   Level
	cid, op                 string
	current, target, result string
	remote                  string
	extra                   []any
	private                 []string
	at                      time.Time
}

// CurrentUser is the id of the account that does it. It should be a pseudonym; if it is not, make it [Private].
func CurrentUser(id string) Option { return func(c *call) { c.current = id } }

// TargetUser is the id or name of the account whose data it is about.
func TargetUser(id string) Option { return func(c *call) { c.target = id } }

// Result is how it went, such as "ok".
func Result(text string) Option { return func(c *call) { c.result = text } }

// Extra adds parameters: whatever encoding/json makes a JSON object of, a map or a struct. The value is read when the
// entry is written, and never changed.
func Extra(object any) Option { return func(c *call) { c.extra = append(c.extra, object) } }

// RemoteAddr is the address of whoever asked, several with ";" between. It becomes the member remote_addr of extra.
func RemoteAddr(address string) Option { return func(c *call) { c.remote = address } }

// Private makes fields private: their values can be erased later without breaking a proof. A name is current_user,
// target_user, result, or extra.KEY; "extra" is all of it. What the entry does not have is passed over.
func Private(names ...string) Option {
	return func(c *call) { c.private = append(c.private, names...) }
}

// At is when it happened, if that is not now. The zero time leaves it out: the entry then has only the time at which it
// was received.
func At(t time.Time) Option { return func(c *call) { c.at = t } }
