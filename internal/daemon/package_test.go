package daemon

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const repository = "../.."

// packageList is what packaging/nfpm.yaml says.
type packageList struct {
	Contents []struct {
		Src, Dst, Type, Packager string
	}
	Overrides map[string]struct{ Scripts map[string]string }
	APK       struct{ Scripts map[string]string }
}

func readPackageList(t *testing.T) (list packageList) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(packaging, "nfpm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// scripts are those of all packages.
func (l packageList) scripts() (list []string) {
	for _, o := range l.Overrides {
		for _, s := range o.Scripts {
			list = append(list, s)
		}
	}
	for _, s := range l.APK.Scripts {
		list = append(list, s)
	}
	return list
}

// TestPackageList: whatever the list of the packages names is there, and no file of packaging/ is forgotten. With CONSTAT_LONG=1 the
// packages are built too.
func TestPackageList(t *testing.T) {
	list := readPackageList(t)
	used := list.scripts()
	for _, c := range list.Contents {
		if !slices.Contains([]string{"", "apk", "deb"}, c.Packager) || !strings.HasPrefix(c.Dst, "/") {
			t.Errorf("%+v", c)
		}
		if c.Type != "dir" && !strings.HasPrefix(c.Src, "${BUILD}/") { // the build makes these
			used = append(used, c.Src)
		}
	}
	var named []string
	for _, pattern := range used {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(found) == 0 {
			t.Errorf("%s: nothing there, %v", pattern, err)
		}
		named = append(named, found...)
	}
	makers := []string{"build", "nfpm.yaml", "nfpm/go.mod", "nfpm/go.sum"}
	err := filepath.WalkDir(packaging, func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(packaging, path)
		if err == nil && !e.IsDir() && !slices.Contains(makers, name) && !slices.Contains(named, filepath.Join(repository, "packaging", name)) {
			t.Errorf("packaging/%s is in no package", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := filepath.Glob(filepath.Join(repository, "docs", "inputs", "*.md"))
	if err != nil || len(inputs) == 0 || !slices.Contains(named, inputs[0]) {
		t.Errorf("docs/inputs: %v %v", inputs, err)
	}
	if long() {
		t.Run("built", lookInside)
	}
}

// TestPackageScripts: a shell finds nothing wrong with the scripts of the packages, and they make the user.
func TestPackageScripts(t *testing.T) {
	scripts := append(readPackageList(t).scripts(), "packaging/build")
	for i, s := range scripts {
		scripts[i] = filepath.Join(repository, s)
		if out, err := exec.Command("sh", "-n", scripts[i]).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", s, err, out)
		}
	}
	for script, want := range map[string]string{
		"preinstall.apk": "addgroup -S constat\nadduser -S -D -H -h /var/lib/constat -s /sbin/nologin -G constat -g constat journal constat\n",
		"preinstall.deb": "groupadd --system constat\nuseradd --system --gid constat --home-dir /var/lib/constat --no-create-home --shell /usr/sbin/nologin --comment constat journal constat\n",
	} {
		if got := stubbed(t, filepath.Join(packaging, "scripts", script)); got != want {
			t.Errorf("%s does\n%swant\n%s", script, got, want)
		}
	}
	if out, err := exec.Command(tool(t, "shellcheck"), append([]string{"-s", "sh"}, scripts...)...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}

// stubbed runs a script where programs that make users only say so, in place of doing it, and there are no users.
func stubbed(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	said := filepath.Join(dir, "said")
	for _, name := range []string{"addgroup", "adduser", "groupadd", "useradd"} {
		text := "#!/bin/sh\necho \"" + name + " $*\" >>" + said + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "getent"), []byte("#!/bin/sh\nexit 2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/bin/sh", script, "install")
	c.Env = []string{"PATH=" + dir}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v %s", script, err, out)
	}
	text, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// packed is a file of a package.
type packed struct {
	mode   fs.FileMode
	owner  string
	octets []byte
}

// lookInside builds the packages and looks into them. The build of nfpm takes more than a minute the first time, and its modules
// come over the network.
func lookInside(t *testing.T) {
	out := t.TempDir()
	c := exec.Command(filepath.Join(repository, "packaging", "build"), "0.1.0", out)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("packaging/build: %v\n%s", err, said)
	}
	found, err := filepath.Glob(filepath.Join(out, "*"))
	if err != nil || len(found) != 2 {
		t.Fatalf("%q %v", found, err)
	}
	deb, apk := readDeb(t, only(t, found, ".deb")), readAPK(t, only(t, found, ".apk"))
	both := map[string]string{"usr/bin/constat": "-rwxr-xr-x root:root", "usr/bin/constat-verify": "-rwxr-xr-x root:root",
		"etc/constat/constat.yaml": "-rw-r----- root:constat", "etc/constat": "drwxr-xr-x root:root",
		"usr/share/doc/constat/LICENSE": "-rw-r--r-- root:root", "usr/share/doc/constat/NOTICE": "-rw-r--r-- root:root",
		"usr/share/doc/constat/docs/serving.md": "-rw-r--r-- root:root", "usr/share/doc/constat/docs/inputs/mqtt.md": "-rw-r--r-- root:root"}
	holdsFiles(t, "deb", deb, both, map[string]string{"usr/lib/systemd/system/constat.service": "-rw-r--r-- root:root",
		"usr/lib/systemd/system/constat.socket": "-rw-r--r-- root:root", "usr/lib/sysusers.d/constat.conf": "-rw-r--r-- root:root",
		"usr/lib/python3/dist-packages/constat/__init__.py": "-rw-r--r-- root:root", "usr/share/doc/constat/copyright": "-rw-r--r-- root:root"})
	holdsFiles(t, "apk", apk, both, map[string]string{"etc/init.d/constat": "-rwxr-xr-x root:root", "var/lib/constat": "drwxr-x--- constat:constat",
		"usr/share/constat/python/constat/__init__.py": "-rw-r--r-- root:root", ".pre-install": "-rwxr-xr-x :", ".pre-upgrade": "-rwxr-xr-x :"})
	if got := string(deb["conffiles"].octets); strings.TrimSpace(got) != "/etc/constat/constat.yaml" {
		t.Errorf("conffiles: %q", got)
	}
	if !regexp.MustCompile(`(?m)^user: constat$`).Match(apk["etc/constat/constat.yaml"].octets) {
		t.Error("the daemon of the apk stays root")
	}
	for name, files := range map[string]map[string]packed{"deb": deb, "apk": apk} {
		for path := range files {
			if strings.Contains(path, "__pycache__") || strings.HasSuffix(path, ".pyc") {
				t.Errorf("%s: %s", name, path)
			}
		}
		runsPacked(t, name, files["usr/bin/constat"].octets)
	}
	script := filepath.Join(t.TempDir(), "constat")
	if err := os.WriteFile(script, apk["etc/init.d/constat"].octets, 0o755); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
		t.Errorf("sh -n: %v %s", err, said)
	}
}

func only(t *testing.T, names []string, suffix string) string {
	t.Helper()
	i := slices.IndexFunc(names, func(n string) bool { return strings.HasSuffix(n, suffix) })
	if i < 0 {
		t.Fatalf("no %s among %q", suffix, names)
	}
	return names[i]
}

// holdsFiles wants files with their modes and owners.
func holdsFiles(t *testing.T, name string, files map[string]packed, wanted ...map[string]string) {
	t.Helper()
	for _, list := range wanted {
		for path, want := range list {
			f, found := files[path]
			if got := fmt.Sprint(f.mode, " ", f.owner); !found || got != want {
				t.Errorf("%s: %s is %s, want %s", name, path, got, want)
			}
			if found && f.mode.IsRegular() && len(f.octets) == 0 {
				t.Errorf("%s: %s is empty", name, path)
			}
		}
	}
}

// runsPacked runs the program of a package.
func runsPacked(t *testing.T, name string, program []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "constat")
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(file, "help").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "serve ") {
		t.Errorf("%s on %s: %v\n%s", name, runtime.GOARCH, err, out)
	}
}

// readAPK reads a package of Alpine: gzip streams that follow each other, whose contents together are one tar archive.
func readAPK(t *testing.T, name string) map[string]packed {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return readTar(t, f)
}

// readDeb reads a package of Debian: an ar archive with two archives of files.
func readDeb(t *testing.T, name string) map[string]packed {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := bytes.CutPrefix(data, []byte("!<arch>\n"))
	if !ok {
		t.Fatalf("%s is no ar archive", name)
	}
	all := map[string]packed{}
	for len(rest) >= 60 {
		member := strings.TrimRight(string(rest[:16]), " /")
		size, err := strconv.Atoi(strings.TrimSpace(string(rest[48:58])))
		if err != nil || size > len(rest)-60 {
			t.Fatalf("%s: member %s of %d octets: %v", name, member, size, err)
		}
		if strings.HasSuffix(member, ".tar.gz") {
			for path, f := range readTar(t, bytes.NewReader(rest[60:60+size])) {
				all[path] = f
			}
		}
		rest = rest[min(60+size+size%2, len(rest)):]
	}
	return all
}

func readTar(t *testing.T, from io.Reader) map[string]packed {
	t.Helper()
	unzipped, err := gzip.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]packed{}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		octets, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
		files[path] = packed{h.FileInfo().Mode(), h.Uname + ":" + h.Gname, octets}
	}
	if len(files) == 0 {
		t.Fatal("an empty archive")
	}
	return files
}
