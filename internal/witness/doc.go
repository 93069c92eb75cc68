// Package witness has others vouch for the journals of a store, and vouches for the logs of others: both ends of
// c2sp.org/tlog-witness.
//
// # Client
//
// [Client.Run] offers the newest checkpoint of a journal to each witness, with the proof that it continues what the
// witness saw last, and keeps the cosignatures in the file "cosigned" of the journal. What is offered is durable: the
// checkpoint was persisted after its entries, and stands in the file "offered" before it leaves. A checkpoint that does
// not continue the one offered before is never offered. New cosignatures are written into the journal "system" too: what
// follows such an entry is younger than they say.
//
// # Server
//
// [Server] answers "add-checkpoint" for the logs of its configuration. What it has seen of a log is one file for each
// origin, replaced atomically and synced before the cosignature leaves, under a lock for each origin. Nothing is kept in
// memory: what the file says counts.
package witness
