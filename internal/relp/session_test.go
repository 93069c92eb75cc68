package relp

import (
	"errors"
	"strings"
	"testing"
)

const offered = "relp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog"

// TestSession holds conversations as librelp 1.11.0 has them. "message" stands for one that is to be answered later.
func TestSession(t *testing.T) {
	opened := "1 rsp 38 200 OK\nrelp_version=0\ncommands=syslog\n\n"
	tests := []struct {
		name   string
		frames []frame
		want   []string
		end    bool
		err    error
	}{
		{"as it should be", []frame{{Header{1, Open, 0}, offered, 0}, {Header{2, Syslog, 0}, "<13>x", 0}, {Header{3, Syslog, 0}, "", 0}, {Header{4, Close, 0}, "", 0}},
			[]string{opened, "message", "message", "4 rsp 0\n0 serverclose 0\n"}, true, nil},
		{"version 1", []frame{{Header{1, Open, 0}, "\nrelp_version=1\ncommands=syslog,eventlog", 0}}, []string{opened}, false, nil},
		{"hints are not answered", []frame{{Header{0, "whatever", 0}, "", 0}, {Header{1, Open, 0}, offered, 0}}, []string{"", opened}, false, nil},
		{"message before open", []frame{{Header{1, Syslog, 0}, "x", 0}, {Header{2, Open, 0}, offered, 0}},
			[]string{"1 rsp 41 500 command disabled: session is not open\n", strings.Replace(opened, "1 ", "2 ", 1)}, false, nil},
		{"opened twice", []frame{{Header{1, Open, 0}, offered, 0}, {Header{2, Open, 0}, offered, 0}},
			[]string{opened, "2 rsp 27 500 session is open already\n0 serverclose 0\n"}, true, ErrProtocol},
		{"no syslog", []frame{{Header{1, Open, 0}, "relp_version=0\ncommands=eventlog", 0}},
			[]string{"1 rsp 44 500 required command not supported by client\n0 serverclose 0\n"}, true, ErrProtocol},
		{"no version", []frame{{Header{1, Open, 0}, "commands=syslog", 0}}, []string{"1 rsp 25 500 offers cannot be read\n0 serverclose 0\n"}, true, ErrProtocol},
		{"no offers", []frame{{Header{1, Open, 0}, "", 0}}, []string{"1 rsp 25 500 offers cannot be read\n0 serverclose 0\n"}, true, ErrProtocol},
		{"first number", []frame{{Header{2, Open, 0}, offered, 0}}, []string{"0 serverclose 0\n"}, true, ErrProtocol},
		{"gap", []frame{{Header{1, Open, 0}, offered, 0}, {Header{3, Syslog, 0}, "x", 0}}, []string{opened, "0 serverclose 0\n"}, true, ErrProtocol},
		{"starttls", []frame{{Header{1, "starttls", 0}, "", 0}}, []string{"0 serverclose 0\n"}, true, ErrProtocol},
		{"close before open", []frame{{Header{1, Close, 0}, "", 0}}, []string{"0 serverclose 0\n"}, true, ErrProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s Session
			for i, f := range tt.frames {
				step, answer, err := s.Take(f.Header, []byte(f.data))
				got := string(answer)
				if step == Message {
					got += "message"
				}
				last := i == len(tt.frames)-1
				if got != tt.want[i] || (step == End) != (last && tt.end) || last && !errors.Is(err, tt.err) || !last && err != nil {
					t.Errorf("frame %d: step %d %q %v, want %q", i, step, got, err, tt.want[i])
				}
			}
		})
	}
}

func TestPeerSoftware(t *testing.T) {
	s := Session{Software: "constat,1"}
	_, answer, err := s.Take(Header{Number: 1, Command: Open}, []byte(offered))
	if err != nil || s.PeerSoftware() != "librelp,1.11.0,http://librelp.adiscon.com" || !strings.Contains(string(answer), "relp_software=constat,1\n") {
		t.Errorf("%q %q %v", s.PeerSoftware(), answer, err)
	}
}
