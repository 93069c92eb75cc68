// Package backup copies a store while it is written: the copy is a store that verifies as the original did at some
// moment of the copying, without any secret.
//
// The order does it. The journal `system` is copied first: what its seals and control entries say of the other journals is
// durable by then, and what comes later the copy may hold and need not. Of each journal the checkpoint and the tree
// come before the entries that they cover, and entries before the values that belong to them. store.json comes last: with it the copy is
// a store. A file that goes meanwhile, because a head became a segment or retention removed one, makes its journal
// be copied again.
//
// What the order cannot give is that `system` knows what was pruned or erased elsewhere a moment later. So the caller
// verifies the copy, and makes it again if need be: see [Copy.Again].
package backup
