// Package web is the page: one document without scripts and without anything from elsewhere. It knows nothing but what
// package api gives it, and html/template escapes all of that.
package web

import (
	"crypto/sha256"
	_ "embed" // page.html and page.css
	"encoding/base64"
	"html/template"
	"io"
	"time"

	"constat/internal/api"
)

//go:embed page.html
var source string

//go:embed page.css
var style string

// Page draws the page. It implements [api.Renderer].
type Page struct {
	document *template.Template
	policy   string
}

var _ api.Renderer = (*Page)(nil)

// New returns the page.
func New() *Page {
	digest := sha256.Sum256([]byte(style))
	return &Page{
		document: template.Must(template.New("page").Funcs(template.FuncMap{"stamp": stamp}).Parse(source)),
		policy: "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(digest[:]) + "'",
	}
}

// Policy allows the style of the document by its digest, the form of the token, and nothing else (CSP Level 3).
func (p *Page) Policy() string { return p.policy }

// Render writes the document.
func (p *Page) Render(w io.Writer, content api.Page) error {
	return p.document.Execute(w, struct {
		api.Page
		Style template.CSS
	}{content, template.CSS(style)})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
