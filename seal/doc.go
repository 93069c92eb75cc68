// Package seal knows the hashes of a store and who signs them: the RFC 6962 tree of a journal, C2SP checkpoints over
// it, the identity key of the store and its verification code. It knows nothing about events, files or sockets.
//
// # Tree
//
// The tree of a journal is that of RFC 6962, section 2.1, over the leaf hashes of its entries. No leaf hash is kept:
// a store keeps one hash for each full block of [BlockSize] entries (level 8, the height of a C2SP tile) and
// recomputes everything below from the entries. A [Frontier] is what a writer needs to go on: the hashes of the
// perfect subtrees on the left edge. [Hashes] lets [golang.org/x/mod/sumdb/tlog] read any hash for proofs.
//
// # Checkpoint
//
// A [Checkpoint] states origin, size and root. It is signed as a C2SP signed note (c2sp.org/tlog-checkpoint,
// c2sp.org/signed-note), three lines and a signature:
//
//	host.example/system
//	1234
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— host.example/system Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//
// # Identity and code
//
// A store has one static Ed25519 key, the [Identity]. Each journal signs with it under its own origin. The
// [Certificate] names store, origin and identity; its SHA-256 is the public [Code] by which a stranger pins the store.
//
// # Seals
//
// A signature of the identity proves nothing against who has taken the machine, for its key lies there. A [Seal] is signed
// with a key that is used once: a [Chain] derives it from a [Seed], and overwrites the seed by one from which earlier keys
// cannot be made. A generation of keys is committed to before its first use, by [Certificate] 0 or a later one
// ([Generation], [Endorsed]); the key whose turn it is endorses the next. A seal has a counter that never skips, and states
// every [Journal] of the store under one root. An [Audit] is fed seals and certificates in order and says what breaks a
// rule:
//
//	audit := seal.NewAudit(certificate0, "system")
//	keys, position, problems := audit.Seal(&s, at)
//	err := s.Verify(keys, position)
//
// The bytes are those of FORMAT.md, sections 6.1 to 6.3.
package seal
