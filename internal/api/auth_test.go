package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"constat/internal/api"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
)

// routes are all resources of a site, and some that are not.
func routes() []string {
	out := []string{"/", "/healthz", "/readyz", "/metrics", "/favicon.ico", "/tlog/"}
	for _, journal := range []string{"app", "system", "none", "", "..", "app\x00"} {
		log := "/tlog/" + journal + "/"
		out = append(out, log, log+"checkpoint", log+"tile/", log+"tile/entries", log+"tile/entries/", log+"tile/entries/bad",
			log+"tile/entries/../0/000", log+"head-0000000000000000.log", log+"tree")
		for n := range 4 {
			for _, width := range []string{"", ".p/1", ".p/2", ".p/88", ".p/255"} {
				tile := fmt.Sprintf("%03d%s", n, width)
				out = append(out, log+"tile/entries/"+tile, log+"tile/0/"+tile, log+"tile/1/"+tile)
			}
		}
	}
	return out
}

// strangers are requests by somebody who has no token.
func strangers() map[string]func(target string) (string, []string) {
	is := func(headers ...string) func(string) (string, []string) {
		return func(target string) (string, []string) { return target, headers }
	}
	session := http.Cookie{Name: "constat", Value: string(token)}
	return map[string]func(string) (string, []string){
		"nothing":          is(),
		"empty":            is("Authorization", ""),
		"no token":         is("Authorization", "Bearer"),
		"empty token":      is("Authorization", "Bearer "),
		"wrong token":      is("Authorization", "Bearer "+strings.Repeat("A", 43)),
		"part of it":       is("Authorization", "Bearer "+string(token[:42])),
		"more than it":     is("Authorization", "Bearer "+string(token)+"A"),
		"other scheme":     is("Authorization", "Basic "+string(token)),
		"no scheme":        is("Authorization", string(token)),
		"two headers":      is("Authorization", "Bearer "+string(token), "Authorization", "Bearer x"),
		"other header":     is("X-Token", string(token), "Proxy-Authorization", "Bearer "+string(token)),
		"token as cookie":  is("Cookie", session.String()),
		"wrong in address": func(target string) (string, []string) { return target + "?token=" + string(token[1:]), nil },
		"other in address": func(target string) (string, []string) { return target + "?access_token=" + string(token), nil },
	}
}

// TestNoContent walks all routes without the token and looks for what is in the store.
func TestNoContent(t *testing.T) {
	s := newSite(t, nil)
	for name, stranger := range strangers() {
		for _, route := range routes() {
			for _, method := range []string{"GET", "HEAD", "POST"} {
				target, headers := stranger(route)
				a := s.ask(method, target, headers...)
				if strings.Contains(a.body+fmt.Sprint(a.header), marker) {
					t.Errorf("%s: %s %s shows content", name, method, target)
				}
				if method != "POST" && strings.Contains(route, "/tile/entries") && a.status != 401 {
					t.Errorf("%s: %s %s: %d", name, method, target, a.status)
				}
				if a.status == 401 && a.header.Get("WWW-Authenticate") != `Bearer realm="constat"` {
					t.Errorf("%s: %s %s: does not ask for the token", name, method, target)
				}
			}
		}
	}
	for _, target := range []string{"/", "/tlog/app/tile/entries/000", "/tlog/app/tile/entries/002.p/1", "/tlog/system/tile/entries/000.p/4"} {
		if a := s.withToken(target); !strings.Contains(a.body, marker) {
			t.Errorf("%s with the token: %d and no content: this test shows nothing", target, a.status)
		}
	}
}

// TestNothingLeaks wants the same answer for what is there and what is not.
func TestNothingLeaks(t *testing.T) {
	s := newSite(t, nil)
	want := s.get("/tlog/app/tile/entries/000")
	for _, target := range []string{"/tlog/none/tile/entries/000", "/tlog/app/tile/entries/999", "/tlog/app/tile/entries/bad", "/tlog/.../tile/entries/"} {
		if got := s.get(target); got.status != want.status || got.body != want.body || !maps.EqualFunc(got.header, want.header, slices.Equal) {
			t.Errorf("%s: %d %q %v, want as for a bundle that is there", target, got.status, got.body, got.header)
		}
	}
}

// TestNoTokenAtAll serves a store without a token: an empty one opens nothing.
func TestNoTokenAtAll(t *testing.T) {
	s := newSite(t, func(c *api.Config) { c.Token = "" })
	for _, headers := range [][]string{nil, {"Authorization", "Bearer "}, {"Authorization", "Bearer"}} {
		if a := s.ask("GET", "/tlog/app/tile/entries/000", headers...); a.status != 401 {
			t.Errorf("%v: %d", headers, a.status)
		}
	}
	if a := s.get("/?token="); a.status != 401 {
		t.Errorf("/?token=: %d", a.status)
	}
}

// TestLogIn opens the page in a browser.
func TestLogIn(t *testing.T) {
	s := newSite(t, nil)
	a := s.get("/?token=" + string(token))
	if a.status != 303 || a.header.Get("Location") != "/" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	cookies := (&http.Response{Header: a.header}).Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Path != "/" || cookies[0].MaxAge != 0 {
		t.Fatalf("cookies %v", cookies)
	}
	if strings.Contains(fmt.Sprint(a.header)+a.body, string(token)) {
		t.Error("the token stands in the answer")
	}
	pair := cookies[0].Name + "=" + cookies[0].Value
	if b := s.ask("GET", "/", "Cookie", pair); b.status != 200 || !strings.Contains(b.body, marker) {
		t.Errorf("the page with the cookie: %d, no entries", b.status)
	}
	if b := s.ask("GET", "/tlog/app/tile/entries/000", "Cookie", pair); b.status != 401 {
		t.Errorf("a bundle with the cookie: %d", b.status)
	}
	if b := s.ask("GET", "/tlog/app/tile/entries/000", "Authorization", "Bearer "+cookies[0].Value); b.status != 401 {
		t.Errorf("a bundle with the cookie as token: %d", b.status)
	}
	if b := s.ask("GET", "/", "Cookie", pair+"x"); b.status != 200 || strings.Contains(b.body, marker) {
		t.Errorf("the page with a wrong cookie: %d", b.status)
	}
	other := newSite(t, func(c *api.Config) { c.Token = token[1:] + "A" })
	if b := other.ask("GET", "/", "Cookie", pair); strings.Contains(b.body, marker) {
		t.Error("the cookie of one store opens another")
	}
	if b := s.ask("HEAD", "/?token="+string(token)); b.status != 303 {
		t.Errorf("HEAD: %d", b.status)
	}
	r := httptest.NewRequest("GET", "https://127.0.0.1/?token="+string(token), nil)
	if b := s.send(r); !strings.Contains(b.header.Get("Set-Cookie"), "Secure") {
		t.Errorf("over TLS: %v", b.header)
	}
}

func TestLoadToken(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store.keys")
	if err := vfs.OS().Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	made, err := api.LoadToken(vfs.OS(), dir)
	if err != nil || len(made) != 43 {
		t.Fatalf("%q, %v", made, err)
	}
	info, err := vfs.OS().Stat(filepath.Join(dir, api.TokenFile))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if again, err := api.LoadToken(vfs.OS(), dir); err != nil || again != made {
		t.Errorf("%q, %v; made %q", again, err, made)
	}
}

func TestLoadTokenRefuses(t *testing.T) {
	fsys := crashfs.New()
	good, err := api.LoadToken(fsys, "/")
	if err != nil {
		t.Fatal(err)
	}
	if after, err := api.LoadToken(fsys.Crash(nil), "/"); err != nil || after != good {
		t.Errorf("after a power cut: %q, %v; made %q", after, err, good)
	}
	for _, bad := range []string{"", "\n", string(good[:42]) + "\n", string(good) + "A\n", string(good) + "\n\n", string(good) + "=", " " + string(good[1:])} {
		if err := durable.WriteFile(fsys, "/"+api.TokenFile, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := api.LoadToken(fsys, "/"); err == nil {
			t.Errorf("%q taken as %q", bad, got)
		}
	}
}
