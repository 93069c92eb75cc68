package daemon

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"constat/audit"
)

// asCaller in the environment makes this binary a program that audits: it holds its name and how often it does.
const asCaller = "CONSTAT_TEST_AS_CALLER"

// callAudit writes so many audit entries and says of each whether it was acknowledged.
func callAudit(said string) {
	name, count := "", 0
	if _, err := fmt.Sscan(said, &name, &count); err != nil {
		panic(err)
	}
	for i := range count {
		err := audit.Info(context.Background(), name, fmt.Sprint(name, "-", i), audit.CurrentUser("usr1"), audit.Extra(map[string]int{"n": i}))
		if err != nil {
			fmt.Println("failed", i, err)
		} else {
			fmt.Println("ok", i)
		}
	}
}

// pythonCaller is the same in Python.
const pythonCaller = `
import sys
from constat import AuditPII
name, count, errors = sys.argv[1], int(sys.argv[2]), []
audit_pii = AuditPII(on_error=errors.append)
for i in range(count):
    ok = audit_pii.info(name, '%s-%d' % (name, i), 'usr1', extra={'n': i})
    print('ok' if ok else 'failed', i, '' if ok else errors.pop(), flush=True)
`

// caller is a process that audits.
type caller struct {
	name         string
	acknowledged []int
	failed       []string
}

// call runs a caller to its end.
func (p *place) call(c *caller, count int, python bool, told *atomic.Int64) error {
	cmd := p.command()
	cmd.Env = append(cmd.Env[1:], asCaller+"="+fmt.Sprint(c.name, " ", count))
	if python {
		lib, err := filepath.Abs("../../clients/python")
		if err != nil {
			return err
		}
		cmd.Path, _ = exec.LookPath("python3")
		cmd.Args = []string{"python3", "-c", pythonCaller, c.name, fmt.Sprint(count)}
		cmd.Env = append(cmd.Env, "PYTHONPATH="+lib, "PYTHONDONTWRITEBYTECODE=1")
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		what, n := "", 0
		if _, err := fmt.Sscan(lines.Text(), &what, &n); err != nil {
			return fmt.Errorf("%q: %w", lines.Text(), err)
		}
		if told.Add(1); what == "ok" {
			c.acknowledged = append(c.acknowledged, n)
		} else {
			c.failed = append(c.failed, lines.Text())
		}
	}
	return cmd.Wait()
}

// TestAuditKilled: four processes audit, two in Python, while the daemon is killed three times. Every call is
// acknowledged or returns an error; nearly all are acknowledged; none of these is missing, and each caller's order holds.
// 10,000 calls with CONSTAT_LONG=1.
func TestAuditKilled(t *testing.T) {
	each, kills := 100, 3
	if long() {
		each = 2500
	}
	p := newPlace(t, "listen: {}\nhttp: off\nlimits:\n  rate: 0.001\n")
	callers := []*caller{{name: "a"}, {name: "b"}, {name: "c"}, {name: "d"}}
	d := p.serve()
	var told atomic.Int64
	var calls sync.WaitGroup
	began := time.Now()
	for i, c := range callers {
		calls.Go(func() {
			if err := p.call(c, each, i >= 2, &told); err != nil {
				t.Errorf("caller %s: %v", c.name, err)
			}
		})
	}
	for k := range kills {
		p.until("calls are answered", func() bool { return int(told.Load()) >= (k+1)*len(callers)*each/(kills+1) })
		d.kill()
		d = p.serve()
	}
	calls.Wait()
	took := time.Since(began)
	d.stop()
	p.verify()
	acknowledged, failed := 0, 0
	list := p.all("audit")
	for _, c := range callers {
		acknowledged, failed = acknowledged+len(c.acknowledged), failed+len(c.failed)
		if len(c.acknowledged)+len(c.failed) != each {
			t.Errorf("caller %s: %d of %d calls returned", c.name, len(c.acknowledged)+len(c.failed), each)
		}
		for _, f := range c.failed {
			t.Logf("caller %s: %s", c.name, f)
		}
		c.check(t, list)
	}
	if acknowledged < len(callers)*each-100 {
		t.Errorf("%d of %d acknowledged, %d failed", acknowledged, len(callers)*each, failed)
	}
	t.Logf("%d acknowledged, %d failed, %d entries, in %v", acknowledged, failed, len(list), took.Round(time.Millisecond))
}

// check wants all that was acknowledged to be there once, and everything of the caller in its order.
func (c *caller) check(t *testing.T, list []kept) {
	t.Helper()
	last, found := -1, map[int]bool{}
	for _, k := range list {
		if k.fields["cid"] != c.name {
			continue
		}
		n := -1
		if _, err := fmt.Sscanf(k.fields["op"], c.name+"-%d", &n); err != nil || k.fields["extra.n"] != fmt.Sprint(n) || k.fields["current_user"] != "usr1" || k.fields["PRIORITY"] != "6" {
			t.Errorf("caller %s: entry %v", c.name, k.fields)
		}
		if n <= last {
			t.Errorf("caller %s: entry %d behind %d", c.name, n, last)
		}
		last, found[n] = n, true
	}
	for _, n := range c.acknowledged {
		if !found[n] {
			t.Errorf("caller %s: entry %d was acknowledged and is missing", c.name, n)
		}
	}
}

// TestAuditPowerCut: from the socket to the acknowledgement on a disk that loses its power right after: whatever subset
// of what was not synced it keeps, all that was acknowledged is there.
func TestAuditPowerCut(t *testing.T) {
	n := 60
	if testing.Short() {
		n = 12
	}
	p := newPlace(t, localOnly)
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	c := &audit.Client{Socket: d.endpoints().Socket}
	l := &ledger{acknowledged: map[string][]string{}}
	for i := range n {
		var calls sync.WaitGroup
		for range i % 3 { // others share the sync
			calls.Go(func() {
				if err := c.Warn(t.Context(), "other", "beside"); err != nil {
					t.Error(err)
				}
			})
		}
		op := fmt.Sprint("op ", i)
		if err := c.Info(t.Context(), fmt.Sprint(i), op, audit.Extra(map[string]string{"long": strings.Repeat("x", i*i*i)})); err != nil {
			t.Fatal(err)
		}
		l.add("audit", []string{op})
		told := l.copy()
		d.sound(t, disk.Crash(nil), told)
		for seed := range uint64(3) {
			d.sound(t, disk.Crash(rand.New(rand.NewPCG(uint64(i), seed))), told)
		}
		calls.Wait()
		if t.Failed() {
			t.Fatalf("call %d", i)
		}
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
}

// TestAuditPowerCutAnywhere: the power goes at any operation of the disk. The call that meets it gets an error, and
// what was acknowledged before is there.
func TestAuditPowerCutAnywhere(t *testing.T) {
	cuts := 40
	if testing.Short() {
		cuts = 8
	}
	cutAnywhere(t, localOnly, cuts, 200, func(d *inside, l *ledger) error {
		c := &audit.Client{Socket: d.endpoints().Socket}
		for i := range 30 {
			op := fmt.Sprint("op ", i)
			if err := c.Info(t.Context(), "c", op); err != nil {
				return err
			}
			l.add("audit", []string{op})
		}
		return nil
	})
}

// TestAuditFullDisk: on a full disk a call returns an error that says so, and works again when there is room.
func TestAuditFullDisk(t *testing.T) {
	p := newPlace(t, localOnly)
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	c := &audit.Client{Socket: d.endpoints().Socket}
	if err := c.Info(t.Context(), "c", "before"); err != nil {
		t.Fatal(err)
	}
	disk.SetCapacity(disk.Used() + 8<<20 - 1)
	if err := c.Info(t.Context(), "c", "refused"); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("full: %v", err)
	}
	disk.SetCapacity(-1)
	if err := c.Info(t.Context(), "c", "after"); err != nil {
		t.Error(err)
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	var ops []string
	for _, k := range entriesOf(t, disk, p.store, "audit") {
		ops = append(ops, k.fields["op"])
	}
	if got := strings.Join(ops, " "); got != "before after" {
		t.Errorf("kept %s", got)
	}
}

// TestAuditFile: the flat file has a line for each entry, across restarts, SIGKILL included.
func TestAuditFile(t *testing.T) {
	p := newPlace(t, "listen: {}\nhttp: off\naudit:\n  file: DIR/audit-pii.log\n")
	name := filepath.Join(p.dir, "audit-pii.log")
	lines := func() int {
		data, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Count(string(data), "\n")
	}
	c := &audit.Client{Store: p.store, App: "crm"}
	for round := range 4 {
		d := p.serve()
		for i := range 5 {
			if err := c.Warn(t.Context(), fmt.Sprint("c", 5*round+i), "get_user", audit.TargetUser("u")); err != nil {
				t.Fatal(err)
			}
		}
		if round%2 == 0 {
			p.until("some lines are written", func() bool { return lines() > 5*round })
			d.kill()
		} else {
			d.stop()
		}
	}
	p.serve().stop()
	data, err := os.ReadFile(name)
	if err != nil || lines() != 20 {
		t.Fatalf("%d lines, %v:\n%s", lines(), err, data)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if want := fmt.Sprintf(` - crm:0 - {"cid": "c%d", "op": "get_user", "target_user": "u"}`, i); !strings.HasSuffix(line, want) || !strings.Contains(line, " - WARNING - ") {
			t.Errorf("line %d: %s", i, line)
		}
	}
	out := p.run("audit", "--utc")
	if got, want := out, string(data); got != want {
		t.Errorf("constat audit says\n%s, the file\n%s", got, want)
	}
	c2 := p.command("import", "--format", "zato", name)
	if out, err := c2.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if back := p.run("show", "--journal", "imported", "-o", "raw"); back != string(data) {
		t.Errorf("imported and given back:\n%s", back)
	}
}

// BenchmarkAudit measures calls that return when their entry is durable and signed, one after the other and 16 at once.
func BenchmarkAudit(b *testing.B) {
	p := newPlace(b, "listen: {}\nhttp: off\n")
	p.serve()
	c := &audit.Client{Store: p.store}
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			var calls sync.WaitGroup
			for i := range callers {
				calls.Go(func() {
					for range (b.N + callers - 1 - i) / callers {
						if err := c.Info(context.Background(), "c", "o", audit.CurrentUser("usr1")); err != nil {
							b.Error(err)
						}
					}
				})
			}
			calls.Wait()
		})
	}
}
