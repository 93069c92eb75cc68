package evidence

import (
	"fmt"
	"strings"

	"constat/seal"
)

// Text is the report as people read it, one line a check.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s   %s\n", r.Title, r.about())
	for _, f := range r.Findings {
		fmt.Fprintf(&b, " wrong         %s\n", oneLine(f.String()))
	}
	for _, c := range r.Checks {
		mark := ""
		switch c.Status {
		case Failed:
			mark = "FAILED: "
		case Unclear:
			mark = "not checked: "
		}
		fmt.Fprintf(&b, " %-13s %s%s\n", c.Code, mark, oneLine(c.Text))
	}
	if r.Code != "" {
		fmt.Fprintf(&b, " code          %s\n", r.Code)
	}
	return b.String()
}

// about says what the evidence is about.
func (r *Report) about() string {
	var parts []string
	for _, j := range r.Journals {
		text := "journal " + j.Origin
		if j.First != "" {
			text += ", " + span(j.First, j.Last)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "evidence file"
	}
	return oneLine(fmt.Sprintf("%d entries, %s; question: %s", r.Shown, strings.Join(parts, "; "), r.Question))
}

// oneLine keeps what others wrote from looking like a line of ours.
func oneLine(s string) string { return strings.NewReplacer("\n", "; ", "\r", " ").Replace(plain(s)) }

// CertificateOf returns certificate 0 of an evidence file, unchecked.
func CertificateOf(data []byte) (certificate seal.Certificate, err error) {
	files, err := open(data)
	if err != nil {
		return certificate, err
	}
	c, err := load(files)
	return c.chain.zero, err
}
