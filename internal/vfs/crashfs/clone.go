package crashfs

// CrashKeepAll returns what is there after the process, but not the system, is
// killed: everything that was done, no more durable than it was. A Crash of
// the result may still lose it. Locks, hook and open handles are gone, the
// power is on.
func (f *FS) CrashKeepAll() *FS { return f.Clone() }

// Clone returns an independent copy, durable state included, as CrashKeepAll
// describes it: for tests that mutilate.
func (f *FS) Clone() *FS {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c := cloner{nodes: map[*node]*node{}, ops: map[*entryOp]*entryOp{}}
	after := f.successor(c.node(f.root))
	for _, op := range f.pending {
		after.pending = append(after.pending, c.op(op))
	}
	return after
}

// cloner maps what was copied to its copy.
type cloner struct {
	nodes map[*node]*node
	ops   map[*entryOp]*entryOp
}

// node copies a node and all below it, once. Nil stays nil.
func (c cloner) node(n *node) *node {
	if n == nil {
		return nil
	}
	if copied, ok := c.nodes[n]; ok {
		return copied
	}
	copied := n.clone()
	c.nodes[n] = copied
	if n.isDir() {
		copied.names, copied.diskNames = c.names(n.names), c.names(n.diskNames)
	}
	return copied
}

func (c cloner) names(names map[string]*node) map[string]*node {
	copied := make(map[string]*node, len(names))
	for name, n := range names {
		copied[name] = c.node(n)
	}
	return copied
}

// op copies an operation. What it depends on is older, hence copied already,
// or durable and of no interest.
func (c cloner) op(op *entryOp) *entryOp {
	copied := &entryOp{loose: op.loose}
	for _, p := range op.parts {
		p.dir, p.node = c.node(p.dir), c.node(p.node)
		copied.parts = append(copied.parts, p)
	}
	for _, dep := range op.deps {
		if older, ok := c.ops[dep]; ok {
			copied.deps = append(copied.deps, older)
		}
	}
	c.ops[op] = copied
	return copied
}
