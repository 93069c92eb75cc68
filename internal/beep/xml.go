package beep

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of an element.
const (
	maxDepth     = 32
	maxElements  = 1024
	maxAttrs     = 32
	maxAttrValue = 1024 // octets
	maxAttrName  = 64   // octets
)

// Element is an element in XML, without name spaces.
type Element struct {
	Name     string
	Attrs    []Attr
	Text     string // of the element itself, entities resolved
	Children []*Element
}

// Attr is an attribute.
type Attr struct{ Name, Value string }

// Attr is the value of an attribute; "" if it is not there.
func (e *Element) Attr(name string) string {
	value, _ := e.Lookup(name)
	return value
}

// Lookup is the value of an attribute, and whether it is there.
func (e *Element) Lookup(name string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// ParseElement reads one element and nothing behind it. There are no declarations of types and no entities but those of
// XML itself, and everything is bounded. The error is of type [*Error]: 500 for what is no XML, 501 for what is refused.
func ParseElement(b []byte) (*Element, error) {
	p := elementParser{decoder: xml.NewDecoder(bytes.NewReader(b))}
	for {
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return p.done()
		}
		if err == nil {
			err = p.take(token)
		}
		if err != nil {
			return nil, asError(err)
		}
	}
}

// asError makes an error of the decoder one that can be sent.
func asError(err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	text := "poorly-formed XML: " + err.Error()
	if !utf8.ValidString(text) {
		text = "poorly-formed XML"
	}
	return &Error{CodeSyntax, text}
}

type elementParser struct {
	decoder *xml.Decoder
	root    *Element
	open    []*Element
	names   []xml.Name // of open
	texts   [][]byte
	count   int
	begun   bool // something was read
}

// take takes a token. It is the switch over their kinds.
func (p *elementParser) take(token xml.Token) error {
	first := !p.begun
	p.begun = true
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end(t)
	case xml.CharData:
		if n := len(p.open); n > 0 {
			p.texts[n-1] = append(p.texts[n-1], t...)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return &Error{CodeSyntax, "poorly-formed XML: text outside of an element"}
		}
	case xml.Directive:
		return &Error{CodeParameters, "a document type declaration is not taken"}
	case xml.ProcInst:
		if t.Target != "xml" || !first {
			return &Error{CodeParameters, "a processing instruction is not taken"}
		}
	}
	return nil
}

func (p *elementParser) start(t xml.StartElement) error {
	if p.root != nil && len(p.open) == 0 {
		return &Error{CodeSyntax, "poorly-formed XML: more than one element"}
	}
	if p.count++; p.count > maxElements || len(p.open) == maxDepth {
		return &Error{CodeParameters, "too many elements"}
	}
	e := &Element{Name: t.Name.Local}
	for _, a := range t.Attr {
		if err := e.add(a); err != nil {
			return err
		}
	}
	if n := len(p.open); n > 0 {
		p.open[n-1].Children = append(p.open[n-1].Children, e)
	} else {
		p.root = e
	}
	p.open, p.names = append(p.open, e), append(p.names, t.Name)
	p.texts = append(p.texts, nil)
	return nil
}

func (e *Element) add(a xml.Attr) error {
	if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
		return nil
	}
	name := a.Name.Local
	if a.Name.Space != "" {
		name = a.Name.Space + ":" + name
	}
	if _, twice := e.Lookup(name); twice {
		return &Error{CodeSyntax, fmt.Sprintf("poorly-formed XML: attribute %.40s twice", name)}
	}
	if len(name) > maxAttrName || len(a.Value) > maxAttrValue || len(e.Attrs) == maxAttrs {
		return &Error{CodeParameters, fmt.Sprintf("attribute %.40s: too many attributes or too long a value", name)}
	}
	e.Attrs = append(e.Attrs, Attr{name, a.Value})
	return nil
}

func (p *elementParser) end(t xml.EndElement) error {
	n := len(p.open) - 1
	if n < 0 || p.names[n] != t.Name {
		return &Error{CodeSyntax, fmt.Sprintf("poorly-formed XML: unexpected end of %.40s", t.Name.Local)}
	}
	p.open[n].Text = string(p.texts[n])
	p.open, p.names, p.texts = p.open[:n], p.names[:n], p.texts[:n]
	return nil
}

func (p *elementParser) done() (*Element, error) {
	if p.root == nil || len(p.open) > 0 {
		return nil, &Error{CodeSyntax, "poorly-formed XML: it ends too early"}
	}
	return p.root, nil
}

// escape makes a text what may stand in an element or an attribute.
func escape(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
