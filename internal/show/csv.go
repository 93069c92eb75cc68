package show

// AppendHeader appends the line that stands before the first entry; only csv has one.
func (p *Printer) AppendHeader(dst []byte) []byte {
	if !p.csv {
		return dst
	}
	for i := range p.columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		start := len(dst)
		dst = quoteCell(append(dst, p.columns[i].name...), start, len(p.columns) == 1)
	}
	return append(dst, '\n')
}

// appendCSV prints one row (RFC 4180). Repeated values stand in one cell, one a line.
func (p *Printer) appendCSV(dst []byte, r *Record) ([]byte, error) {
	for i := range p.columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		start := len(dst)
		dst = quoteCell(p.appendCell(dst, &p.columns[i], r), start, len(p.columns) == 1)
	}
	return append(dst, '\n'), nil
}

func (p *Printer) appendCell(dst []byte, c *column, r *Record) []byte {
	at := c.next(r.Entry, 0)
	if at < 0 {
		if value, ok := p.made(c, r); ok {
			dst = append(dst, value...)
		}
		return dst
	}
	dst = append(dst, p.value(c, &r.Entry.Fields[at])...)
	for at = c.next(r.Entry, at+1); at >= 0; at = c.next(r.Entry, at+1) {
		dst = append(append(dst, '\n'), p.value(c, &r.Entry.Fields[at])...)
	}
	return dst
}

// quoteCell puts what stands after start in quotes if it holds a comma, a quote or a line end, or if the row would be
// an empty line, because it is the only cell of it.
func quoteCell(dst []byte, start int, only bool) []byte {
	quotes, special := 0, len(dst) == start && only
	for _, c := range dst[start:] {
		if c == '"' {
			quotes++
		}
		special = special || c == '"' || c == ',' || c == '\n' || c == '\r'
	}
	if !special {
		return dst
	}
	end := len(dst)
	for range quotes + 2 {
		dst = append(dst, '"')
	}
	to := len(dst) - 2 // from the back, each quote twice
	for from := end - 1; from >= start; from-- {
		dst[to] = dst[from]
		to--
		if dst[from] == '"' {
			dst[to] = '"'
			to--
		}
	}
	dst[start] = '"'
	return dst
}
