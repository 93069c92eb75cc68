// Package api is what constat says over HTTP.
//
//	/                              a page: what is running, the journals, and with the token the newest entries
//	/tlog/<journal>/checkpoint     the log of a journal (package tiles): checkpoint
//	/tlog/<journal>/tile/<L>/<N>   and tiles of hashes, for everybody
//	/tlog/<journal>/tile/entries/  bundles of entries, with the token
//	/metrics                       figures in the Prometheus text format
//	/healthz                       200 as long as the process serves
//	/readyz                        200 if events are taken in, else 503 and why
//
// Only GET and HEAD are known, and each resource has one path.
//
// # The token
//
// Whatever shows content needs the bearer token of the store (RFC 6750): "Authorization: Bearer …". It is asked for
// before anything else is looked at, so that an answer without it says nothing, also on loopback: a machine has more
// users than one. The page can be opened in a browser with /?token=…, which is exchanged at once for a cookie. The
// cookie is derived from the token, ends with the browser, and opens nothing but the page.
//
// # Caching
//
// A tile never changes as long as its journal lives, so tiles are immutable; the checkpoint is always asked for again.
// Bundles may be kept only by the client that has the token. The page and everything else is not kept at all.
package api
