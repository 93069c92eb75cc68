package native

import "fmt"

// exported hands over what a client says of evidence that it exports.
func (c *session) exported() error {
	c.fields = c.describe(int(c.cred.Pid), int(c.cred.Uid), int(c.cred.Gid))
	list, _, err := c.batch()
	switch {
	case err != nil:
		return err
	case len(list) != 1:
		return fmt.Errorf("%w: %d entries, want one", ErrProtocol, len(list))
	}
	return c.backend.Exported(c.ctx, &list[0])
}
