package crashfs

import "slices"

// entryOp is one operation on names that is not durable yet.
type entryOp struct {
	// parts are what it does to directories: one part, or for a rename two,
	// the new name first.
	parts []part

	// loose: the new name may be there while the old one still is.
	loose bool

	// deps must have happened before this may have happened. All of them are
	// older.
	deps []*entryOp

	done bool // durable
}

// part gives one name to a node, or to nothing.
type part struct {
	dir    *node
	name   string
	node   *node // nil removes the name
	synced bool  // dir was synced since
}

// touches reports whether any part changes a name in dir.
func (o *entryOp) touches(dir *node) bool {
	return slices.ContainsFunc(o.parts, func(p part) bool { return p.dir == dir })
}

// places reports whether any part gives a name to one of nodes.
func (o *entryOp) places(nodes []*node) bool {
	return slices.ContainsFunc(o.parts, func(p part) bool {
		return p.node != nil && slices.Contains(nodes, p.node)
	})
}

// sameName reports whether both change the same name.
func (o *entryOp) sameName(other *entryOp) bool {
	return slices.ContainsFunc(o.parts, func(p part) bool {
		return slices.ContainsFunc(other.parts, func(q part) bool {
			return p.dir == q.dir && p.name == q.name
		})
	})
}

// synced reports whether all directories were synced since.
func (o *entryOp) synced() bool {
	return !slices.ContainsFunc(o.parts, func(p part) bool { return !p.synced })
}

// commit makes the operation durable, after what it depends on.
func (o *entryOp) commit() {
	o.commitParts(o.parts)
	o.done, o.deps = true, nil
}

// commitParts makes some parts durable, after what the operation depends on.
func (o *entryOp) commitParts(parts []part) {
	if o.done {
		return
	}
	for _, dep := range o.deps {
		dep.commit()
	}
	for _, p := range parts {
		p.apply(p.dir.diskNames)
	}
}

// apply does the part to a list of names.
func (p part) apply(names map[string]*node) {
	if p.node == nil {
		delete(names, p.name)
	} else {
		names[p.name] = p.node
	}
}

// enterLocked does an operation that processes see and the disk does not.
// needs tells which of the pending operations it depends on, beside those that
// change the same names.
func (f *FS) enterLocked(op *entryOp, needs func(older *entryOp) bool) {
	for _, older := range f.pending {
		if op.sameName(older) || needs(older) {
			op.deps = append(op.deps, older)
		}
	}
	for _, p := range op.parts {
		p.apply(p.dir.names)
	}
	f.pending = append(f.pending, op)
}

// nothing is the needs of an operation that only changes its own name.
func nothing(*entryOp) bool { return false }

// syncDirLocked makes the names in dir durable.
func (f *FS) syncDirLocked(dir *node) {
	for _, op := range f.pending {
		for i := range op.parts {
			op.parts[i].synced = op.parts[i].synced || op.parts[i].dir == dir
		}
		switch {
		case !op.touches(dir):
		case op.synced():
			op.commit()
		case op.loose && op.parts[0].synced:
			op.commitParts(op.parts[:1])
		}
	}
	f.pending = slices.DeleteFunc(f.pending, func(op *entryOp) bool { return op.done })
}
