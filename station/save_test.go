package station_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"constat/station"
)

// program makes a program that stands for constat: "show" prints so many entries, and "prove" writes a file.
func program(t *testing.T, entries int, before string) station.Source {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf(`#!/bin/sh
set -e
if [ "$1" = prove ]; then shift 2; echo evidence > "$1"; exit; fi
%s
i=0; while [ $i -lt %d ]; do i=$((i+1)); echo '{"MESSAGE":"entry '$i' of a journal that fills a medium","PRIORITY":"4"}'; done
`, before, entries)
	path := filepath.Join(dir, "constat")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return station.Source{Store: dir, Program: path}
}

// mount mounts a small memory disk, or skips the test.
func mount(t *testing.T, flags uintptr) string {
	t.Helper()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k")
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skip("mounting needs root: ", err)
	}
	if err == nil {
		t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
		if flags != 0 {
			err = unix.Mount("", dir, "", unix.MS_REMOUNT|flags, "")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// files are the names in a directory.
func files(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Name())
	}
	return strings.Join(names, " ")
}

// TestSave: what is saved lies on the medium, whole, and not a second time under the same name.
func TestSave(t *testing.T) {
	dir := mount(t, 0)
	from := program(t, 3, "")
	saved, err := from.SaveLog(context.Background(), dir, station.Save{Name: "j"})
	if err != nil || saved.Entries != 3 || len(saved.Files) != 2 {
		t.Fatal(saved, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "j.jsonl"))
	if err != nil || bytes.Count(data, []byte("\n")) != 3 || files(t, dir) != "j.evidence.zip j.jsonl" {
		t.Error(files(t, dir), err)
	}
	if _, err := from.SaveLog(context.Background(), dir, station.Save{Name: "j"}); !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	again, err := os.ReadFile(filepath.Join(dir, "j.jsonl"))
	if err != nil || !bytes.Equal(again, data) || files(t, dir) != "j.evidence.zip j.jsonl" {
		t.Error(files(t, dir), err)
	}
	for _, name := range []string{"a/b", "../x", ".x", "x\x00"} {
		if _, err := from.SaveLog(context.Background(), dir, station.Save{Name: name}); err == nil {
			t.Errorf("name %q", name)
		}
	}
}

// TestNoMedium: a directory where nothing is mounted is none, unless the caller says so.
func TestNoMedium(t *testing.T) {
	dir := t.TempDir()
	from := program(t, 1, "")
	if _, err := from.SaveLog(context.Background(), dir, station.Save{}); err == nil || !strings.Contains(err.Error(), "mount") || files(t, dir) != "" {
		t.Error(err, files(t, dir))
	}
	if _, err := from.SaveLog(context.Background(), dir, station.Save{Name: "j", AnyDirectory: true, Text: true}); err != nil || files(t, dir) != "j.evidence.zip j.log" {
		t.Error(err, files(t, dir))
	}
	if _, err := from.SaveLog(context.Background(), filepath.Join(dir, "absent"), station.Save{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestFullMedium, TestReadOnlyMedium, TestMissingMedium: an error, and no file.
func TestFullMedium(t *testing.T) {
	dir := mount(t, 0)
	if _, err := program(t, 5000, "").SaveLog(context.Background(), dir, station.Save{}); !errors.Is(err, syscall.ENOSPC) || files(t, dir) != "" {
		t.Error(err, files(t, dir))
	}
}

func TestReadOnlyMedium(t *testing.T) {
	dir := mount(t, unix.MS_RDONLY)
	if _, err := program(t, 1, "").SaveLog(context.Background(), dir, station.Save{}); !errors.Is(err, syscall.EROFS) || files(t, dir) != "" {
		t.Error(err, files(t, dir))
	}
}

func TestMissingMedium(t *testing.T) {
	dir := mount(t, 0)
	_, err := program(t, 1, "umount -l "+dir).SaveLog(context.Background(), dir, station.Save{})
	if err == nil || !strings.Contains(err.Error(), "gone") || files(t, dir) != "" {
		t.Error(err, files(t, dir))
	}
}

// TestBrokenMedium: a medium that does not keep what it was given says so at the sync at the latest. The disk lies in a file
// that cannot grow.
func TestBrokenMedium(t *testing.T) {
	below, disk := mount(t, 0), t.TempDir()
	file := filepath.Join(below, "disk")
	if err := unix.Mount("", below, "", unix.MS_REMOUNT, "size=1m"); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"truncate -s 32M " + file, "mkfs.ext2 -q -F -m 0 -N 16 " + file, "mount -o loop " + file + " " + disk} {
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Skipf("no loop devices here: %s: %v: %s", command, err, out)
		}
	}
	t.Cleanup(func() { unix.Unmount(disk, 0) })
	_, err := program(t, 100, "yes '{\"MESSAGE\":\"more than fits\"}' | head -n 200000").SaveLog(context.Background(), disk, station.Save{})
	if err == nil || !strings.Contains(err.Error(), "sync") || files(t, disk) != "lost+found" {
		t.Error(err, files(t, disk))
	}
}

// TestFailingLog: a log that cannot be read to its end is not saved.
func TestFailingLog(t *testing.T) {
	dir := t.TempDir()
	from := program(t, 3, "echo '{\"MESSAGE\":\"one\"}'; echo damaged >&2; exit 1")
	if _, err := from.SaveLog(context.Background(), dir, station.Save{AnyDirectory: true}); err == nil || !strings.Contains(err.Error(), "damaged") || files(t, dir) != "" {
		t.Error(err, files(t, dir))
	}
	if _, err := from.GetLog(context.Background(), station.Query{}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
}

// TestNoLog: where there is none the error says so, and what to do.
func TestNoLog(t *testing.T) {
	for _, from := range []station.Source{
		{Store: "/nowhere/at/all"}, {Channel: "/nowhere/hvc3"}, {Channel: "/dev"}, {Store: t.TempDir(), Program: "no-such-program"},
	} {
		if _, err := from.GetLog(context.Background(), station.Query{}); !errors.Is(err, station.ErrNoLog) {
			t.Errorf("%+v: %v", from, err)
		}
	}
}
