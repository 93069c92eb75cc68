// Package tiles gives the journals of a store the form in which other people's programs check a log: C2SP tlog-tiles
// (c2sp.org/tlog-tiles). It knows files and hashes, and nothing of HTTP.
//
// # Resources
//
// Each journal is one log. [ParsePath] and [Path.String] know the names of its resources:
//
//	checkpoint                     the newest persisted checkpoint, byte for byte
//	tile/<L>/<N>[.p/<W>]           hashes of tree level 8·L: 256 of them, or the first W at the right edge
//	tile/entries/<N>[.p/<W>]       256 entries, or the first W, each a 16-bit big-endian length and the leaf
//
// N is written in groups of three digits, all but the last with an x before them: 1234067 is x001/x234/067. A path has
// one spelling and no other is accepted.
//
// # What is served when
//
// Nothing above the newest persisted checkpoint is ever served. Below it, every full tile and every width of a partial
// one can be had, so that a client with an older checkpoint goes on undisturbed. The checkpoint is read before the
// entries are looked at: what it covers was in the files by then.
//
// Level 0 and bundles are not stored. They are decoded from the entries in pieces of up to 16 blocks, of which the
// newest four are kept; who asks for one that is being decoded waits for it. Level 1 is what the tree file of the
// journal holds, and higher levels are hashed from it. None of this is checked here against the signed root: the client
// does that, it is what tiles are for.
//
// # Export
//
// [Export] writes the same resources as files. It computes all hashes from the entries and compares the root with the
// checkpoint before it publishes that, so that a directory never holds a checkpoint that its tiles do not bear out.
package tiles
