// Package journal is the store: append-only journals under one identity, one writer, any number of readers.
//
// # Writing
//
// [Create] makes a store, [OpenWriter] locks it, recovers it and gives the only [Writer]. Three things can be true of
// an entry, and they are never mixed:
//
//   - received: [Writer.Append] returned nil. The entry has its index and stands in the file; a power loss may take it.
//   - durable: [Writer.Sync] returned nil after that. No crash takes it.
//   - signed: [Writer.Checkpoint] returned nil after that. A checkpoint over it is durable, and what changes below it
//     from now on is tampering.
//
// The order of writes is: blobs, sync; frame, sync; tree; sign; checkpoint. A checkpoint is never signed for bytes that
// are not durable. In a crash
//
//   - before the sync of a frame: the frame is whole, torn or absent. A torn one is set aside under another name and
//     its extent recorded; nobody was told that its entries are kept.
//   - before the checkpoint is in place: the entries are kept, the old checkpoint stands, the tree is rebuilt.
//
// # Seals
//
// [Writer.Seal] states all journals in an entry of the system journal, signed with a key that is used once. The order
// of writes is: entries, sync; the seal, sync; the next seed over the one that was used; checkpoints. After a crash a
// seal that is durable is finished, and one that is not was seen by nobody. The seed file, the pages that hold a seed
// in memory and the drawing of later keys stay within this package.
//
// # Segments
//
// A head that is complete becomes a segment: [Writer.Convert], meant for a goroutine beside the one that appends. The
// segment is written under a temporary name, synced, read back and compared with the tree, renamed, and the directory
// synced; then the head is removed. At any time the entries are in one of the two. Readers take the segment where both
// are there, and find it when a head that they have listed is gone.
//
// # Recovery
//
// Opening compares the files with the newest checkpoint. Above it, a torn tail is set aside. Below it, missing or
// changed data is an alarm: the journal is kept as NAME.damaged-TIME and a successor with a new id and origin begins,
// whose entry 0 names the predecessor, its last checkpoint and the reason. Intake never stops. A recovery that is cut
// short itself is taken up by the next one, from what stands on disk.
//
// What stands above the checkpoint is written over itself when it is found: a sync that failed in an earlier life may
// have left it in memory only, where it can be read and no later sync brings it to the disk.
//
// # Reading
//
// [OpenReader] needs only the files. A [Snapshot] is a size for each journal; reading it never blocks the writer, and
// an index that cannot be read is reported, never skipped in silence. The newest checkpoint says how many entries there
// must be, so that missing heads and a missing end are reported too. A damaged header of a head hides no frame behind it.
//
// # Clock
//
// All journals of a store share one ingest clock: see [Clock].
package journal
