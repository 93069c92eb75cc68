package crashfs

import (
	"io/fs"
	"time"
)

// info describes a file or directory at the time it was asked for.
type info struct {
	name string
	size int64
	mode fs.FileMode
}

func infoOf(name string, n *node) info {
	if name == "" {
		name = "/"
	}
	return info{name: name, size: int64(len(n.data)), mode: n.mode}
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }
