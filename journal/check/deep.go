package check

// deep recomputes what is derived of a segment, and lists what lies.
func (w *worker) deep(x *segmentJob) {
	if x.kinds != x.seg.Kinds() && len(x.lost) == 0 && len(x.problems) == 0 {
		x.lies = append(x.lies, "the directory names other kinds of entries than there are")
	}
}
