package syslog

import (
	"net/netip"
	"sync/atomic"
)

// Admission says from which networks messages are taken. The zero value takes them from everywhere. What is denied is
// denied though it be allowed too.
type Admission struct{ Allow, Deny []netip.Prefix }

// Admits reports whether messages of an address are taken.
func (a Admission) Admits(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("") // a network has no zone
	return !within(a.Deny, addr) && (len(a.Allow) == 0 || within(a.Allow, addr))
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

// admissions are those of one input, all of which must admit. They may change while it runs.
type admissions struct{ now atomic.Pointer[[]Admission] }

func (a *admissions) set(list []Admission) { a.now.Store(&list) }

func (a *admissions) admit(addr netip.Addr) bool { return admit(a.now.Load(), addr) }

func admit(list *[]Admission, addr netip.Addr) bool {
	if list == nil {
		return true
	}
	for _, one := range *list {
		if !one.Admits(addr) {
			return false
		}
	}
	return true
}
