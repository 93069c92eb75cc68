package crashfs

import "fmt"

// Kind says what a mutating operation does.
type Kind string

// The mutating operations. Lock counts as Create when it makes the file.
const (
	Create   Kind = "create"
	Write    Kind = "write"
	Truncate Kind = "truncate"
	Sync     Kind = "sync"
	Rename   Kind = "rename"
	Remove   Kind = "remove"
	Mkdir    Kind = "mkdir"
	SyncDir  Kind = "syncdir"
)

// Op is a mutating operation that is about to be done.
type Op struct {
	Index   int    // number of operations before this one
	Kind    Kind   //
	Name    string // as the caller spelled it; of a file, when it was opened
	NewName string // Rename only
	Offset  int64  // Write only
	Len     int64  // Write: bytes; Truncate: new size
}

// String gives kind and names.
func (o Op) String() string {
	switch o.Kind {
	case Rename:
		return fmt.Sprintf("%s %s %s", o.Kind, o.Name, o.NewName)
	case Write:
		return fmt.Sprintf("%s %s at %d len %d", o.Kind, o.Name, o.Offset, o.Len)
	case Truncate:
		return fmt.Sprintf("%s %s to %d", o.Kind, o.Name, o.Len)
	default:
		return fmt.Sprintf("%s %s", o.Kind, o.Name)
	}
}

// SetHook has hook called before each mutating operation, also one that is
// going to fail. If hook returns an error the operation is not done and its
// error wraps that one. The hook may call any method of f, and is called
// concurrently if f is used concurrently. Nil removes the hook.
func (f *FS) SetHook(hook func(op Op) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// Ops returns how many mutating operations were tried so far, with or without
// success. Operations after PowerOff do not count.
func (f *FS) Ops() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.ops
}

// PowerOff makes every operation from now on fail with ErrPowerLost. Crash,
// Clone and the methods for tampering go on working.
func (f *FS) PowerOff() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = true
}

// beginRead takes the lock for an operation that changes nothing, unless there
// is no power. If it returns nil the caller must RUnlock.
func (f *FS) beginRead() error {
	f.mu.RLock()
	if f.off {
		f.mu.RUnlock()
		return ErrPowerLost
	}
	return nil
}

// begin counts an operation, asks the hook and takes the lock. If it returns
// nil the caller must Unlock.
func (f *FS) begin(op Op) error {
	f.mu.Lock()
	if f.off {
		f.mu.Unlock()
		return ErrPowerLost
	}
	op.Index = f.ops
	f.ops++
	hook := f.hook
	if hook == nil {
		return nil
	}
	f.mu.Unlock()
	if err := hook(op); err != nil {
		return err
	}
	f.mu.Lock()
	if f.off {
		f.mu.Unlock()
		return ErrPowerLost
	}
	return nil
}
