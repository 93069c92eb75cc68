package relp

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// frame is one that was read.
type frame struct {
	Header
	data string
	lost int
}

// readAll reads frames until the stream ends or is none.
func readAll(r io.Reader, limit int) (list []frame, err error) {
	in := NewReader(r)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		data, lost, err := in.Data(nil, limit)
		if err != nil {
			return list, err
		}
		list = append(list, frame{h, string(data), lost})
	}
}

func TestReader(t *testing.T) {
	tests := []struct {
		stream string
		want   []frame
		err    error
	}{
		{"", nil, nil},
		{"3 close 0\n", []frame{{Header{3, "close", 0}, "", 0}}, nil},
		{"1 open 3 a\nb\n2 syslog 4 \x00\n \n\n", []frame{{Header{1, "open", 3}, "a\nb", 0}, {Header{2, "syslog", 4}, "\x00\n \n", 0}}, nil},
		{"0 serverclose 0\n", []frame{{Header{0, "serverclose", 0}, "", 0}}, nil},
		{"999999999 syslog 12 123456789012\n", []frame{{Header{999999999, "syslog", 12}, "12345678", 4}}, nil},
		{"1 open 5 abc", nil, io.ErrUnexpectedEOF},
		{"1 op", nil, io.ErrUnexpectedEOF},
		{"1 open 3", nil, io.ErrUnexpectedEOF},
		{"1 open 3 abc", nil, io.ErrUnexpectedEOF},
		{"1 open 3 abcd\n", nil, ErrProtocol},
		{"1 open 3\nabc\n", nil, ErrProtocol},
		{"2 close 0 \n", nil, ErrProtocol}, // as librelp has it
		{"1234567890 open 0\n", nil, ErrProtocol},
		{"1 open 1234567890 x\n", nil, ErrProtocol},
		{"1 open -1 x\n", nil, ErrProtocol},
		{"1  open 0\n", nil, ErrProtocol},
		{"1 " + strings.Repeat("a", 33) + " 0\n", nil, ErrProtocol},
		{"1 " + strings.Repeat("a", 32) + " 0\n", []frame{{Header{1, strings.Repeat("a", 32), 0}, "", 0}}, nil},
		{"1 op_en 0\n", nil, ErrProtocol},
		{"<13>plain syslog\n", nil, ErrProtocol},
		{"GET / HTTP/1.1\r\n", nil, ErrProtocol},
		{"\x16\x03\x01\x02\x00", nil, ErrProtocol}, // TLS where none is spoken
	}
	for _, tt := range tests {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(tt.stream), "octets": iotest.OneByteReader(strings.NewReader(tt.stream))} {
			got, err := readAll(r, 8)
			if !errors.Is(err, tt.err) || len(got) != len(tt.want) {
				t.Errorf("%q %s: %v %v, want %v %v", tt.stream, name, got, err, tt.want, tt.err)
				continue
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("%q %s: frame %v, want %v", tt.stream, name, got[i], tt.want[i])
				}
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	if n := next(MaxNumber); n != 1 {
		t.Errorf("behind the last number comes %d", n)
	}
	if n := next(0); n != 1 {
		t.Errorf("the first number is %d", n)
	}
}

// TestWhole: a reader knows without waiting whether a frame is there.
func TestWhole(t *testing.T) {
	stream := "1 syslog 3 abc\n2 close 0\n"
	for size := range len(stream) + 1 {
		r := NewReader(strings.NewReader(stream[:size]))
		r.Await()
		if got, want := r.Whole(), size >= len("1 syslog 3 abc\n"); got != want {
			t.Errorf("%q: whole is %v", stream[:size], got)
		}
	}
}

// FuzzReader: whatever comes, frames that are read are those that were sent, and memory is bounded.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"1 open 3 abc\n", "2 syslog 10 0123456789\n3 close 0\n", "0 serverclose 0\n", "1 syslog 999999999 x", "1 open 0 \n", "\n", "9"} {
		f.Add([]byte(seed))
	}
	const limit = 7
	f.Fuzz(func(t *testing.T, stream []byte) {
		got, err := readAll(bytes.NewReader(stream), limit)
		slow, slowErr := readAll(iotest.OneByteReader(bytes.NewReader(stream)), limit)
		if len(got) != len(slow) || (err == nil) != (slowErr == nil) {
			t.Fatalf("%v %v, in octets %v %v", got, err, slow, slowErr)
		}
		var again []byte
		for i, frame := range got {
			if frame != slow[i] || len(frame.data) > limit || frame.lost != max(0, frame.Size-limit) {
				t.Fatalf("frame %v, in octets %v", frame, slow[i])
			}
			again = AppendFrame(again, frame.Number, frame.Command, append([]byte(frame.data), make([]byte, frame.lost)...))
		}
		if err == nil && len(again) > len(stream) {
			t.Fatalf("%q became %q", stream, again)
		}
	})
}

// FuzzSession: no frame upsets a session, and what it answers are frames.
func FuzzSession(f *testing.F) {
	f.Add([]byte("1 open 30 relp_version=0\ncommands=syslog\n\n2 syslog 3 abc\n3 close 0\n"))
	f.Add([]byte("1 syslog 0\n2 open 1 x\n"))
	f.Add([]byte("1 starttls 0\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		frames, _ := readAll(bytes.NewReader(stream), 1<<10)
		var s Session
		for _, frame := range frames {
			step, answer, err := s.Take(frame.Header, []byte(frame.data))
			if answers, bad := readAll(bytes.NewReader(answer), 1<<16); bad != nil || step == End && len(answers) == 0 {
				t.Fatalf("%v: step %d, %q is no answer: %v", frame, step, answer, bad)
			}
			if err != nil && step != End {
				t.Fatalf("%v: goes on after %v", frame, err)
			}
			if step == End {
				return
			}
		}
	})
}

// FuzzAnswers: what a server sends upsets no client.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{"", "200 OK", "200 OK\nrelp_version=0\ncommands=syslog", "500 no", "2", "\n=", "200 OK\nrelp_version=-1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, _, rest, err := parseResponse(data); err == nil {
			if o, err := parseOffers(rest); err == nil {
				if again, err := parseOffers(o.append(nil)); err != nil || again.version != o.version {
					t.Fatalf("%+v became %+v: %v", o, again, err)
				}
			}
		}
	})
}
