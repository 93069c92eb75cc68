package daemon

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// collector takes syslog over TCP or RELP and remembers the numbers of messages.
type collector struct {
	t       *testing.T
	scheme  string // tcp or relp
	address string
	mu      sync.Mutex // guards everything below
	l       net.Listener
	conns   []net.Conn
	got     []int
}

func newCollector(t *testing.T, scheme string) *collector {
	t.Helper()
	c := &collector{t: t, scheme: scheme}
	c.listen()
	t.Cleanup(c.close)
	return c
}

// listen begins to take messages, on the port of before if there was one.
func (c *collector) listen() {
	c.t.Helper()
	if c.address == "" {
		c.address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.l, c.address = l, l.Addr().String()
	c.mu.Unlock()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.conns = append(c.conns, conn)
			c.mu.Unlock()
			go c.read(conn)
		}
	}()
}

// read takes the messages of a connection.
func (c *collector) read(conn net.Conn) {
	defer conn.Close()
	in, out := bufio.NewReader(conn), bufio.NewWriter(conn)
	for {
		var message []byte
		var err error
		if c.scheme == "relp" {
			message, err = takeRELP(in, out)
		} else {
			message, err = takeCounted(in)
		}
		if err != nil {
			return
		}
		c.note(string(message))
	}
}

// note remembers the number of a message, if it has one.
func (c *collector) note(message string) {
	_, after, found := strings.Cut(message, "seq=")
	if !found {
		return
	}
	number, err := strconv.Atoi(after[:9])
	if err != nil {
		c.t.Errorf("message %q", message)
	}
	c.mu.Lock()
	c.got = append(c.got, number)
	c.mu.Unlock()
}

// takeCounted takes a message of a stream with octet counting (RFC 6587, section 3.4.1).
func takeCounted(in *bufio.Reader) ([]byte, error) {
	count, err := in.ReadString(' ')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(count))
	if err != nil {
		return nil, err
	}
	message := make([]byte, n)
	_, err = io.ReadFull(in, message)
	return message, err
}

// takeRELP takes a frame, TXNR COMMAND DATALEN [DATA] LF, and answers it.
func takeRELP(in *bufio.Reader, out *bufio.Writer) ([]byte, error) {
	number, err := in.ReadString(' ')
	if err != nil {
		return nil, err
	}
	command, err := in.ReadString(' ')
	if err != nil {
		return nil, err
	}
	length, data := 0, []byte(nil)
	if _, err := fmt.Fscanf(in, "%d", &length); err != nil {
		return nil, err
	}
	if length > 0 {
		data = make([]byte, 1+length) // with the blank before it
		if _, err := io.ReadFull(in, data); err != nil {
			return nil, err
		}
		data = data[1:]
	}
	if end, err := in.ReadByte(); err != nil || end != '\n' {
		return nil, fmt.Errorf("%q at the end of a frame, %v", end, err)
	}
	answer := "200 OK"
	if command == "open " {
		answer += "\nrelp_version=0\ncommands=syslog"
	}
	fmt.Fprintf(out, "%srsp %d %s\n", number, len(answer), answer) // an error comes with Flush
	if in.Buffered() == 0 {
		err = out.Flush()
	}
	return data, err
}

// close ends everything. What the connections have received and nobody read is lost.
func (c *collector) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.l.Close()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

func (c *collector) numbers() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int(nil), c.got...)
}

// last is the highest number.
func (c *collector) last() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.got) == 0 {
		return -1
	}
	return c.got[len(c.got)-1]
}

// outputsTo is a configuration with an output for each collector.
func outputsTo(port int, list ...*collector) string {
	text := fmt.Sprintf("http: off\nlisten:\n  tcp: ['127.0.0.1:%d']\noutputs:\n", port)
	for i, c := range list {
		text += fmt.Sprintf("- name: out%d\n  to: ['%s://%s']\n  from: start\n  retry: 200ms\n", i, c.scheme, c.address)
	}
	return text
}
