package audit

import (
	"context"
	"slices"

	"constat/entry"
)

// Write writes an entry of a form of its own, as package custody makes them. Its fields are claims; those that Private
// names are private, by their exact names. What it means that it returns, and its errors, are those of [Client.Log].
func (c *Client) Write(ctx context.Context, e *entry.Entry) error {
	o := &outgoing{entry: *e}
	for i := range e.Fields {
		if name := e.Fields[i].Name; slices.Contains(c.Private, name) && !slices.Contains(o.private, name) {
			o.private = append(o.private, name)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience())
	defer cancel()
	return c.send(ctx, o)
}

// Name is the name of the program, as entries say it.
func (c *Client) Name() string { return c.app() }
