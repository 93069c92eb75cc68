package sidecar

import (
	"bytes"
	"errors"
	"io"
	"iter"

	"constat/journal/frame"
)

// Blocks walks the blocks of a file of that size. Bytes that are no whole block come as a gap, behind which it goes on at
// the next header that is sound. No ciphertext is read.
func Blocks(r io.ReaderAt, size int64) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		for at := int64(frame.HeadHeaderSize); at < size; {
			b, ok, err := BlockAt(r, at, size)
			if err == nil && !ok {
				b = Block{Offset: at, Gap: true}
				b.Length, err = toNext(r, at, size)
			}
			if !yield(b, err) || err != nil {
				return
			}
			at += b.Length
		}
	}
}

// toNext returns how many bytes behind at the next sound block begins, or the file ends.
func toNext(r io.ReaderAt, at, size int64) (int64, error) {
	buf := make([]byte, min(64<<10, size-at))
	for from := at + 1; from < size; from += int64(len(buf) - len(blockMagic) + 1) {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-from)], from)
		if n == 0 && err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := 0; ; i++ {
			next := bytes.Index(buf[i:n], blockMagic[:])
			if next < 0 {
				break
			}
			i += next
			if _, ok, err := BlockAt(r, from+int64(i), size); ok || err != nil {
				return from + int64(i) - at, err
			}
		}
		if n < len(buf) {
			break
		}
	}
	return size - at, nil
}
