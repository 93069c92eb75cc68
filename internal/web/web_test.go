package web

import (
	"errors"
	"strings"
	"testing"

	"constat/internal/api"
)

// full is a writer without room.
type full struct{}

var errFull = errors.New("no room")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestRender(t *testing.T) {
	p := New()
	var b strings.Builder
	if err := p.Render(&b, api.Page{Authorized: true}); err != nil || !strings.Contains(b.String(), "There are none.") || strings.Contains(b.String(), "Listens on") {
		t.Errorf("a page about nothing: %v\n%s", err, b.String())
	}
	b.Reset()
	lines := []api.Line{{Journal: "app", Index: 7, Text: "<b>&\"'"}, {Text: "gone", Problem: true}}
	if err := p.Render(&b, api.Page{Authorized: true, Entries: lines}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<pre>&lt;b&gt;&amp;&#34;&#39; <span class="quiet">app:7</span></pre>`, `<pre class="problem">gone</pre>`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
	if err := p.Render(full{}, api.Page{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

// TestPolicy wants no source but the digest of the style.
func TestPolicy(t *testing.T) {
	for _, directive := range strings.Split(New().Policy(), "; ") {
		name, value, _ := strings.Cut(directive, " ")
		if value != "'none'" && (name != "form-action" || value != "'self'") && (name != "style-src" || !strings.HasPrefix(value, "'sha256-")) {
			t.Errorf("%s allows %s", name, value)
		}
	}
}
