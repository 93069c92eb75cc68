// Package tlsconf is syslog's TLS (RFC 5425, RFC 9662) for both sides of a connection: whom to trust, what to show, and
// in few words why a peer was refused.
//
// # Policies
//
// A peer is trusted because of its fingerprint (RFC 5425 §4.2.2), because an authority signed its certificate and a name
// in that is expected (§5.2), or because the configuration says "anonymous". There is no fourth way, and none of the
// three is a default. Expired certificates are refused also by fingerprint.
//
//	fingerprints   sha-256:5A:…, sha-1:E1:…: the certificate itself; who signed it does not matter
//	ca             an authority of that file signed the certificate, for this use
//	ca and crl     and it stands in none of the lists of revoked certificates in that file, and nor does an authority in
//	               between. There must be a list of each of them, and none may be out of date.
//	ca and names   and a dNSName or iPAddress in it is one of the names; the common name only if that is said, and
//	               only where there is no dNSName. "*" stands for one whole label, the leftmost one, on either side.
//	               A client that is given no names wants that of the host to which it connects.
//	anonymous      anybody
//
// With ca and fingerprints either is enough.
//
// # Versions and ciphers
//
// TLS 1.2 and 1.3. Of 1.2 the suites with forward secrecy and authenticated encryption, of which RFC 9662 §4 wants
// TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 from everybody; TLS_RSA_WITH_AES_128_CBC_SHA of RFC 5425 is not offered. There
// is no early data (RFC 9662 §6), and no session is resumed.
//
// # Files
//
// Certificate, key, authorities and lists are read again when one of the files has changed, at most once a second and only
// when somebody connects, or at once by [Config.Refresh]. Files that cannot be used are reported, and what was read
// before goes on.
package tlsconf
