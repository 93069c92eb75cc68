package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// sqlite is a table with indexes for the fields and a full-text index of the messages.
type sqlite struct {
	events  []event
	program string
}

func (sqlite) name() string { return "sqlite-fts5" }

func (s sqlite) missing() string { return missingUnless(s.program, "sqlite3") }

func (s sqlite) version(ctx context.Context) string { return wordOf(ctx, 0, s.program, "--version") }

func (sqlite) file(dir string) string { return filepath.Join(dir, "events.db") }

// schema makes the table before the events come, indexing what is asked for after.
const (
	schema   = `pragma journal_mode=off; pragma synchronous=off; create table l(time text, host text, app text, level int, facility int, pid text, msg text);`
	indexing = `create index lh on l(host); create index lp on l(pid); create index la on l(app); create index lt on l(time);
create virtual table x using fts5(msg, content='l', content_rowid='rowid', detail='none', tokenize="unicode61 tokenchars '_'");
insert into x(x) values('rebuild');`
)

// load implements [archive]. The table of values is written before the clock starts.
func (s sqlite) load(ctx context.Context, dir string) (one sample, err error) {
	table, script := filepath.Join(dir, "table"), filepath.Join(dir, "script")
	defer os.Remove(table)
	if err := s.table(table); err != nil {
		return one, err
	}
	text := schema + "\n.mode ascii\n.import '" + table + "' l\n" + indexing + "\n"
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		return one, err
	}
	one, err = timed(ctx, dir, len(s.events), []string{s.program, "-batch", "-bail", s.file(dir), ".read '" + script + "'"})
	if err == nil {
		one.bytes, err = bytesBelow(s.file(dir))
	}
	return one, err
}

// table writes the events with the separators of ASCII.
func (s sqlite) table(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range s.events {
		e := &s.events[i]
		fmt.Fprintf(w, "%s\x1f%s\x1f%s\x1f%d\x1f%d\x1f%s\x1f%s\x1e", e.at.UTC().Format(sqliteTime), e.host, e.app, e.priority&7, e.priority>>3, e.pid, e.message)
	}
	return w.Flush()
}

// sqliteTime orders by text as by time.
const sqliteTime = "2006-01-02T15:04:05.000000"

// ask implements [archive].
func (s sqlite) ask(dir string, q question) []string {
	query := s.query(q)
	if query == "" {
		return nil
	}
	c := []string{s.program, "-batch", "-readonly"}
	if q.kind == everything {
		c = append(c, "-json")
	}
	return append(c, s.file(dir), query)
}

// query is a question in SQL: a flat switch.
func (sqlite) query(q question) string {
	switch q.kind {
	case byField:
		query := "select msg from l where " + q.field + "=" + quoted(q.value)
		if q.n > 0 {
			query += fmt.Sprintf(" order by rowid desc limit %d", q.n)
		}
		return query
	case newest:
		return fmt.Sprintf("select msg from l order by rowid desc limit %d", q.n)
	case window:
		return "select msg from l where time>=" + sqlTime(q.from) + " and time<" + sqlTime(q.to)
	case word:
		return "select msg from l where rowid in (select rowid from x where x match " + quoted(`"`+q.needle+`"`) + ")"
	case substring:
		return "select msg from l where instr(msg," + quoted(q.needle) + ")"
	case pattern:
		return "select msg from l where msg regexp " + quoted(q.needle)
	case countBy:
		return fmt.Sprintf("select %[1]s||' '||count(*) from l where %[1]s<>'-' group by %[1]s", q.field)
	case topOf:
		return fmt.Sprintf("select count(*) from l where %[1]s<>'-' group by %[1]s order by 1 desc limit %[2]d", q.field, q.n)
	case histogram:
		return "select substr(time,1,16)||' '||count(*) from l group by substr(time,1,16)"
	case everything:
		return "select * from l"
	}
	return "pragma integrity_check"
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func sqlTime(t time.Time) string { return quoted(t.UTC().Format(sqliteTime)) }

// read implements [archive].
func (sqlite) read(_ question, out []byte) (answer, error) { return sortedLines(out), nil }
