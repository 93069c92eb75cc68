package syslog

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/tlsconf"
)

func listenBEEP(t testing.TB, c TCPConfig) *Stream {
	c.Address, c.HandshakeTimeout = "127.0.0.1:0", c.FrameTimeout
	s, err := ListenBEEP(c, BEEP{Software: "constat"})
	return must(t, s, err)
}

// transcript is a session as a client sees it, from a file. A line begins with
//
//	I:   what the client sends, with CR LF behind it; "I|" without
//	L:   what the listener must send, likewise
//	limit N, timeout MS, starttls   settings of the listener
//	tls         from here on both speak TLS, which has been negotiated, and the session begins anew
//	hold        from here on messages are not durable when they are taken
//	taken N     waits until so many messages were taken or lost
//	durable     what was taken is durable; fails: it cannot be kept
//	closed      the listener says nothing more and closes the connection
//	hangup      the client ends its side
//	kept: TEXT  a message that is kept, in Go's syntax of strings; followed by "FLAG LOST" if there are any
//	claim: NAME=VALUE   of the last message kept
//	lost: REASON        a loss that is counted once
//
// A size or sequence number "?" in a header is put in, and "_" in what the listener sends is any word.
type transcript struct {
	t      *testing.T
	kind   string
	conn   net.Conn
	r      *bufio.Reader
	sink   *slow
	held   bool
	seq    map[string]int // by side and channel
	kept   []string
	claims map[string]string // of the last
	lost   []string
}

// TestBEEPSessions holds the input to the sessions of testdata/beep.
func TestBEEPSessions(t *testing.T) {
	files, err := filepath.Glob("testdata/beep/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d sessions: %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			playBEEP(t, strings.Split(strings.TrimRight(string(text), "\n"), "\n"))
		})
	}
}

func playBEEP(t *testing.T, lines []string) {
	p := &transcript{t: t, sink: &slow{Sink: inputtest.NewSink(t)}, seq: map[string]int{}}
	c, startTLS := TCPConfig{Limit: 1024}, false
	for len(lines) > 0 {
		word, value, _ := strings.Cut(lines[0], " ")
		if n, _ := strconv.Atoi(value); word == "limit" {
			c.Limit = n
		} else if word == "timeout" {
			c.FrameTimeout = time.Duration(n) * time.Millisecond
		} else if word == "starttls" {
			city := newCity(t)
			startTLS = true
			c.TLS = city.config(t, tlsconf.Settings{Anonymous: true})
		} else if word != "#" {
			break
		}
		lines = lines[1:]
	}
	c.Address, c.HandshakeTimeout = "127.0.0.1:0", c.FrameTimeout
	s, err := ListenBEEP(c, BEEP{Software: "constat", StartTLS: startTLS})
	in := must(t, s, err)
	var sink input.Sink = p.sink.Sink
	if slices.Contains(lines, "hold") {
		sink = p.sink
	}
	inputtest.Start(t, in, sink)
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(inputtest.Patience))
	p.conn, p.r = conn, bufio.NewReader(conn)
	p.kind, _, _ = strings.Cut(in.Name(), " ")
	p.play(p.fill(lines))
	p.check()
}

// fill puts sizes and sequence numbers into headers.
func (p *transcript) fill(lines []string) []string {
	lines = slices.Clone(lines)
	for i, line := range lines {
		words := strings.Fields(line)
		if line == "tls" {
			clear(p.seq)
		}
		if len(words) < 6 || line[0] != 'I' && line[0] != 'L' || !slices.Contains([]string{"MSG", "RPY", "ERR", "ANS", "NUL"}, words[1]) {
			continue
		}
		size := 0
		for _, more := range lines[i+1:] {
			if more == line[:2]+" END" {
				break
			}
			if size += len(expand(more[2:])); more[1] == ':' {
				size += 2
			}
		}
		at := line[:1] + words[2]
		if words[5] == "?" {
			words[5] = fmt.Sprint(p.seq[at])
		}
		if len(words) > 6 && words[6] == "?" {
			words[6] = fmt.Sprint(size)
		}
		p.seq[at] += size
		if strings.Contains(line, "?") {
			lines[i] = strings.Join(words, " ")
		}
	}
	return lines
}

// expand is the text of a line: without the blank before it, and "{N x}" is N times x.
func expand(text string) string {
	text = strings.TrimPrefix(text, " ")
	for {
		before, rest, found := strings.Cut(text, "{")
		inner, after, ended := strings.Cut(rest, "}")
		number, what, _ := strings.Cut(inner, " ")
		n, err := strconv.Atoi(number)
		if !found || !ended || err != nil {
			return text
		}
		text = before + strings.Repeat(what, n) + after
	}
}

// play is the switch over the kinds of lines.
func (p *transcript) play(lines []string) {
	var out bytes.Buffer
	for i, line := range lines {
		word, value, _ := strings.Cut(line, " ")
		if word == "I:" || word == "I|" {
			out.WriteString(expand(line[2:]))
			if word != "I|" {
				out.WriteString("\r\n")
			}
			continue
		}
		if out.Len() > 0 {
			p.conn.Write(out.Bytes()) // a listener that closed says so when read
			out.Reset()
		}
		switch word {
		case "L:", "L|":
			p.expect(i, line)
		case "", "#":
		case "hold":
			p.held = true
		case "taken":
			n, _ := strconv.Atoi(value)
			p.sink.Wait(n)
		case "durable":
			p.sink.settle(nil)
		case "fails":
			p.sink.settle(errors.New("no room"))
		case "tls":
			secure := tls.Client(p.conn, &tls.Config{InsecureSkipVerify: true})
			if err := secure.Handshake(); err != nil || p.r.Buffered() > 0 {
				p.t.Fatalf("line %d: no TLS: %v; %d octets said before", i, err, p.r.Buffered())
			}
			p.conn, p.r = secure, bufio.NewReader(secure)
		case "closed":
			if rest, err := io.ReadAll(p.r); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				p.t.Errorf("line %d: not closed: %q %v", i, rest, err)
			}
		case "hangup":
			p.conn.(interface{ CloseWrite() error }).CloseWrite()
		case "kept:":
			p.kept = append(p.kept, value)
		case "claim:":
			if p.claims == nil {
				p.claims = map[string]string{}
			}
			name, text, _ := strings.Cut(value, "=")
			p.claims[name] = text
		case "lost:":
			p.lost = append(p.lost, value)
		default:
			p.t.Fatalf("line %d: what is %q?", i, line)
		}
	}
	if out.Len() > 0 {
		p.conn.Write(out.Bytes())
	}
}

func (p *transcript) expect(i int, line string) {
	p.t.Helper()
	want := expand(line[2:])
	if line[1] == ':' {
		want += "\r\n"
	}
	if !strings.Contains(want, "_") {
		got := make([]byte, len(want))
		if n, err := io.ReadFull(p.r, got); err != nil || string(got) != want {
			p.t.Fatalf("line %d: %q %v, want %q", i, got[:n], err, want)
		}
		return
	}
	got, err := p.r.ReadString('\n')
	g, w := strings.Fields(got), strings.Fields(want)
	if err != nil || !slices.EqualFunc(g, w, func(a, b string) bool { return a == b || b == "_" }) {
		p.t.Fatalf("line %d: %q %v, want %q", i, got, err, want)
	}
}

// check looks at what was kept and lost.
func (p *transcript) check() {
	p.sink.Wait(len(p.kept) + len(p.lost))
	var kept []string
	for _, m := range p.sink.Messages() {
		text := strconv.Quote(m.Octets)
		if m.Flag != "" {
			text += fmt.Sprintf(" %s %d", m.Flag, m.Lost)
		}
		kept = append(kept, text)
	}
	if !slices.Equal(kept, p.kept) {
		p.t.Errorf("kept %s, want %s", kept, p.kept)
	}
	var lost []string
	for l, n := range p.sink.Losses() {
		for range n.Messages {
			lost = append(lost, l.Reason)
		}
		if l.Source != p.kind+" 127.0.0.1" {
			p.t.Errorf("lost of %s", l.Source)
		}
	}
	slices.Sort(lost)
	slices.Sort(p.lost)
	if !slices.Equal(lost, p.lost) {
		p.t.Errorf("lost %q, want %q", lost, p.lost)
	}
	if p.claims == nil {
		return
	}
	list := p.sink.Messages()
	last := list[len(list)-1]
	claims := map[string]string{}
	for _, f := range last.Envelope.Claims {
		claims[f.Name] = string(f.Value)
	}
	if !maps.Equal(claims, p.claims) {
		p.t.Errorf("claims %v, want %v", claims, p.claims)
	}
}
