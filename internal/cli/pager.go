package cli

import (
	"io"
	"os"
	"os/exec"
	"strings"
)

// pager is a program that shows text screen by screen.
type pager struct {
	io.WriteCloser
	cmd *exec.Cmd
}

// startPager starts $CONSTAT_PAGER, $PAGER or less. It returns nil if there is none, or if the choice is "cat".
func startPager(out io.Writer) (*pager, error) {
	name := os.Getenv("CONSTAT_PAGER")
	if name == "" {
		name = os.Getenv("PAGER")
	}
	if name == "" {
		name = "less"
	}
	words := strings.Fields(name)
	if len(words) == 0 || words[0] == "cat" {
		return nil, nil
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, nil
	}
	cmd := exec.Command(path, words[1:]...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if os.Getenv("LESS") == "" {
		cmd.Env = append(os.Environ(), "LESS=FRSXMK")
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return &pager{in, cmd}, cmd.Start()
}

// close waits until the reader has seen enough.
func (p *pager) close() error {
	p.WriteCloser.Close()
	p.cmd.Wait() // its exit status is the reader's business
	return nil
}
