package daemon

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"constat/internal/config"
	files "constat/internal/output/file"
	"constat/internal/rule"
)

// made lists what is below a directory: permissions, owner and group by name of file.
func made(t *testing.T, dir string) map[string]string {
	t.Helper()
	list := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		owner := info.Sys().(*syscall.Stat_t)
		list[strings.TrimPrefix(path, dir+"/")] = fmt.Sprintf("%v %d:%d", info.Mode(), owner.Uid, owner.Gid)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// byRsyslog has Debian's rsyslogd write one message by a configuration, until so many files are there.
func byRsyslog(t *testing.T, dir, text string, count int) map[string]string {
	t.Helper()
	program, err := exec.LookPath("rsyslogd")
	if err != nil {
		missing(t, err)
	}
	work, out := t.TempDir(), filepath.Join(dir, "out")
	for _, err := range []error{os.Mkdir(out, 0o755), os.WriteFile(filepath.Join(work, "in"), []byte("hello\n"), 0o600),
		os.WriteFile(filepath.Join(work, "conf"), []byte(strings.NewReplacer("WORK", work, "OUT", out).Replace(
			"module(load=\"imfile\")\nglobal(workDirectory=\"WORK\")\ninput(type=\"imfile\" file=\"WORK/in\" tag=\"x\" facility=\"user\")\n"+text)), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var said output
	c := exec.Command(program, "-n", "-i", filepath.Join(work, "pid"), "-f", filepath.Join(work, "conf"))
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { c.Process.Signal(syscall.SIGTERM); c.Wait() }()
	(&place{t: t}).until(fmt.Sprint(count, " files of rsyslogd"), func() bool {
		found, err := filepath.Glob(out + "/*/*/file")
		for _, name := range found {
			if info, err := os.Stat(name); err != nil || info.Size() == 0 {
				return false
			}
		}
		return err == nil && len(found) == count
	})
	return made(t, out)
}

// byConstat opens the files of the same configuration.
func byConstat(t *testing.T, dir, text string, said config.FileOptions) map[string]string {
	t.Helper()
	out, name := filepath.Join(dir, "out"), filepath.Join(dir, "conf")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(text, "OUT", out)), 0o600); err != nil {
		t.Fatal(err)
	}
	set, problems, err := (&config.SyslogConf{File: name}).Rules()
	if err != nil || rule.Failed(problems) {
		t.Fatal(err, problems)
	}
	for i, action := range set.Targets {
		if action.Kind != rule.File {
			continue
		}
		c := files.Config{Name: action.Target, Perm: fs.FileMode(said.Mode), DirPerm: fs.FileMode(said.Dirs)}
		c.UID, c.GID, err = owner(said)
		if err != nil {
			t.Fatal(err)
		}
		c.DirUID, c.DirGID = c.UID, c.GID
		makeAs(&c, set.Makings[i], said)
		target, err := c.Open(t.Context(), nil)
		if err != nil {
			if set.Makings[i].NoDirs {
				continue
			}
			t.Fatal(err)
		}
		target.Close()
	}
	return made(t, out)
}

// TestMadeAsRsyslog: files and directories have the permissions, owner and group that Debian's rsyslogd gives them by the same
// directives.
func TestMadeAsRsyslog(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const both = "$FileCreateMode 0666\n$DirCreateMode 0777\n"
	action := func(n int, params string) string {
		return fmt.Sprintf("action(type=\"omfile\" file=\"OUT/o%d/d/file\" fileCreateMode=\"0604\" dirCreateMode=\"0711\" %s)\n", n, params)
	}
	for name, c := range map[string]struct {
		text  string
		umask int
		count int
	}{
		"Debian": {"$FileOwner root\n$FileGroup adm\n$FileCreateMode 0640\n$DirCreateMode 0755\n$Umask 0022\n" +
			"*.*;auth,authpriv.none -OUT/log/x/file\nuser.* -OUT/log/y/file\n*.emerg :omusrmsg:*\n", 0o022, 2},
		"below": {both + "*.* OUT/o1/d/file\n$FileOwner daemon # a comment\n*.* OUT/o2/d/file\n$filegroup adm\n$DirOwner mail\n& OUT/o3/d/file\n" +
			"$DirGroup news\n$FileCreateMode 0601\n$DIRCREATEMODE 0710\nuser.* -OUT/o4/d/file\n$FileOwnerNum 7\n$FileGroupNum 8\n$DirOwnerNum 9\n$DirGroupNum 10\n" +
			":msg, contains, \"hello\" OUT/o5/d/file\nif $msg contains 'hello' then OUT/o6/d/file\n", 0o022, 6},
		"umask of the daemon":    {both + "*.* OUT/o1/d/file\n" + action(2, `fileOwner="mail"`), 0o027, 2},
		"umask 0":                {both + "*.* OUT/o1/d/file\n$Umask 0000\n" + action(2, ""), 0o027, 2},
		"the last umask":         {"$Umask 0000\n" + both + "*.* OUT/o1/d/file\n$Umask 0137\n", 0o022, 1},
		"umask in rsyslog's way": {"global(umask=\"0077\")\n" + both + "*.* OUT/o1/d/file\n", 0o022, 1},
		"objects": {"$FileOwner daemon\n$FileGroup adm\n$DirOwner mail\n" + action(1, "") + action(2, `fileOwner="mail" fileGroup="news" dirOwner="lp" dirGroup="man"`) +
			action(3, `fileOwnerNum="7" fileGroupNum="8" dirOwnerNum="9" dirGroupNum="10"`), 0o022, 3},
		"the module": {"module(load=\"builtin:omfile\" fileOwner=\"mail\" fileGroup=\"news\" dirOwner=\"lp\" dirGroup=\"man\")\n" + both + action(1, "") +
			action(2, `fileOwner="daemon"`) + "*.* OUT/o3/d/file\n", 0o022, 3},
		"no directories": {both + "$CreateDirs off\n*.* OUT/o1/d/file\n$CreateDirs on\n*.* OUT/o2/d/file\n" + action(3, `createDirs="off"`), 0o022, 1},
		"two rules":      {both + "$FileOwner daemon\n*.* OUT/o1/d/file\n$FileOwner mail\nuser.* OUT/o1/d/file\n", 0o022, 1},
	} {
		t.Run(name, func(t *testing.T) {
			defer syscall.Umask(syscall.Umask(c.umask))
			want := byRsyslog(t, t.TempDir(), c.text, c.count)
			got := byConstat(t, t.TempDir(), c.text, config.FileOptions{})
			if len(want) < 2*c.count || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("constat makes\n%v\nrsyslogd\n%v", got, want)
			}
		})
	}
}

// TestMadeAsConfigured: what the configuration says of files goes before what the directives say, key by key.
func TestMadeAsConfigured(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const text = "$FileOwner daemon\n$FileGroup adm\n$FileCreateMode 0606\n$DirCreateMode 0707\n$DirOwner lp\n$Umask 0077\n*.* OUT/d/file\n"
	for _, c := range []struct {
		text      string
		said      config.FileOptions
		file, dir string
	}{
		{text, config.FileOptions{}, "-rw------- 1:4", "drwx------ 7:0"},
		{text, config.FileOptions{Owner: "mail", Mode: 0o644}, "-rw-r--r-- 8:4", "drwx------ 8:0"},
		{text, config.FileOptions{Group: "news", Dirs: 0o777}, "-rw------- 1:9", "drwxrwxrwx 7:9"},
		{"*.* OUT/d/file\n", config.FileOptions{}, "-rw-r----- 0:0", "drwxr-xr-x 0:0"},
	} {
		got := byConstat(t, t.TempDir(), c.text, c.said)
		if got["d/file"] != c.file || got["d"] != c.dir {
			t.Errorf("%+v: %v, want %s and %s", c.said, got, c.file, c.dir)
		}
	}
}
