// Package logind asks logind, or elogind, to say when the machine goes to sleep and when it has woken up, and to wait a
// moment before (org.freedesktop.login1: PrepareForSleep, and Inhibit with the mode "delay").
//
// A signal is believed only if its sender is who owns the name of logind on the bus: anybody on the system bus may send
// one that looks the same.
package logind
