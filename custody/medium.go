package custody

// Found is a file on a medium as it is now.
type Found struct {
	Path   string
	Size   int64
	SHA256 SHA256
	Link   string // where a symbolic link leads, which was not followed
	Not    string // why it was not read: what it is in place of a file, or the error; empty: it was
	Proof  bool   // it is evidence of the same store, checked, and none of the files of the session
}

// OnMedium compares a session with what is on its destination now. All findings about the medium have rules that begin
// with "medium-", but for "spelling".
func (r *Report) OnMedium(list []Found) {
	c := checker{report: r, files: map[string]int{}}
	for i := range r.Files {
		c.files[string(r.Files[i].Path)] = i
	}
	var names []string
	for i := range list {
		names = append(names, list[i].Path)
		c.found(&list[i])
	}
	for i := range r.Files {
		f := &r.Files[i]
		switch {
		case f.onFiles:
		case f.sent != nil:
			f.Medium = Missing
			c.find("medium-missing", string(f.Path))
		default:
			f.Medium = Absent
		}
	}
	r.withoutSpellings()
	c.spellings(names)
}

// withoutSpellings drops what is found again with the names of the medium.
func (r *Report) withoutSpellings() {
	kept := r.Findings[:0]
	for _, f := range r.Findings {
		if f.Rule != "spelling" {
			kept = append(kept, f)
		}
	}
	r.Findings = kept
}

// found compares one file of the medium.
func (c *checker) found(x *Found) {
	i, known := c.files[x.Path]
	if known {
		c.report.Files[i].onFiles = true
	}
	switch {
	case x.Link != "":
		c.find("medium-link", x.Path, x.Link)
	case x.Not != "":
		c.find("medium-unreadable", x.Path, x.Not)
	case !known && x.Proof:
		return
	case !known:
		c.find("medium-unscanned", x.Path, x.SHA256.String())
		return
	}
	if !known {
		return
	}
	f := &c.report.Files[i]
	switch {
	case x.Link != "" || x.Not != "":
		f.Medium = Differs
	case f.sent == nil:
		f.Medium = Intruding
		c.find("medium-undelivered", x.Path, f.Verdict)
	case f.sent.Content.SHA256 != x.SHA256:
		f.Medium = Differs
		c.find("medium-differs", x.Path, x.SHA256.String(), f.sent.Content.SHA256.String())
	default:
		f.Medium = Same
	}
}
