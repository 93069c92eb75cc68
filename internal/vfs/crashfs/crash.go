package crashfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// Crash returns what the disk may hold after the power is lost now. Without
// rng that is the least it may hold: nothing unsynced survives. With one, what
// survives is random, and the same for the same rng and the same history.
//
// The result has the capacity of f, its power, no hook, no locks, and nothing
// that is not durable. f itself is not changed.
func (f *FS) Crash(rng *rand.Rand) *FS {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c := &crash{rng: rng, names: map[*node]map[string]*node{}, copies: map[*node]*node{}}
	c.chooseNames(f.pending)
	return f.successor(c.copy(f.root))
}

// successor returns a file system with the given tree.
func (f *FS) successor(root *node) *FS {
	after := New()
	after.root, after.capacity = root, f.capacity
	after.used = recount(root, map[*node]struct{}{})
	return after
}

// recount sets the number of names of all files below n, and returns the size
// of those not seen yet.
func recount(n *node, seen map[*node]struct{}) int64 {
	n.links++
	if _, ok := seen[n]; ok {
		return 0
	}
	seen[n] = struct{}{}
	size := int64(len(n.data))
	for _, child := range n.names {
		size += recount(child, seen)
	}
	return size
}

// crash is one power loss in the making.
type crash struct {
	rng    *rand.Rand                 // nil for the least
	names  map[*node]map[string]*node // surviving names, where not diskNames
	copies map[*node]*node            // old to new
}

// odds is how likely one thing is to survive, in quarters.
type odds int

// newOdds draws the odds, so that nothing and everything come up often.
func (c *crash) newOdds() odds {
	if c.rng == nil {
		return 0
	}
	return odds(c.rng.IntN(5))
}

// survives draws.
func (c *crash) survives(o odds) bool {
	return c.rng != nil && c.rng.IntN(4) < int(o)
}

// chooseNames draws which operations on names have happened.
func (c *crash) chooseNames(pending []*entryOp) {
	odds, happened := c.newOdds(), map[*entryOp]bool{}
	for _, op := range pending {
		possible := !slices.ContainsFunc(op.deps, func(dep *entryOp) bool {
			return !dep.done && !happened[dep]
		})
		switch {
		case !possible:
		case c.survives(odds):
			happened[op] = true
			c.enter(op.parts)
		case op.loose && c.survives(odds):
			c.enter(op.parts[:1])
		}
	}
}

// enter does parts of an operation to the surviving names.
func (c *crash) enter(parts []part) {
	for _, p := range parts {
		if c.names[p.dir] == nil {
			c.names[p.dir] = maps.Clone(p.dir.diskNames)
		}
		p.apply(c.names[p.dir])
	}
}

// copy returns what survives of a node and all below it.
func (c *crash) copy(n *node) *node {
	if done, ok := c.copies[n]; ok {
		return done
	}
	after := &node{mode: n.mode}
	c.copies[n] = after
	if !n.isDir() {
		after.disk = c.content(n)
		after.data = slices.Clone(after.disk)
		return after
	}
	names, changed := c.names[n]
	if !changed {
		names = n.diskNames
	}
	after.names = map[string]*node{}
	for _, name := range sorted(names) { // in order, because it draws
		after.names[name] = c.copy(names[name])
	}
	after.diskNames = maps.Clone(after.names)
	return after
}
