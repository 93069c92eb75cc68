package api

import (
	"net/http"
	"strings"
)

// bearer reports whether a request has the token in its header (RFC 6750, section 2.1).
func (t Token) bearer(r *http.Request) bool {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return false
	}
	scheme, got, _ := strings.Cut(values[0], " ")
	return strings.EqualFold(scheme, "Bearer") && t.is(strings.TrimSpace(got))
}

// cookie reports whether a request has the cookie of the page.
func (t Token) cookie(r *http.Request) bool {
	name, value := t.session()
	c, err := r.Cookie(name)
	return err == nil && t != "" && sameText(value, c.Value)
}

// unauthorized asks for the token (RFC 6750, section 3).
func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="constat"`)
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "this needs the token of the store, from STORE.keys/"+TokenFile, http.StatusUnauthorized)
}

// logIn exchanges the token for the cookie of the page, so that it does not stay in the address.
func (h *handler) logIn(w http.ResponseWriter, r *http.Request, got string) {
	if !h.Token.is(got) {
		unauthorized(w)
		return
	}
	name, value := h.Token.session()
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
