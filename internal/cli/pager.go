package cli

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// pager is a program that shows text screen by screen.
type pager struct {
	io.WriteCloser
	interrupts chan os.Signal
	ended      chan struct{}
}

// pagerName is $CONSTAT_PAGER, $PAGER or less, the first that is set.
func pagerName() string {
	for _, name := range []string{"CONSTAT_PAGER", "PAGER"} {
		if value, set := os.LookupEnv(name); set {
			return value
		}
	}
	return "less"
}

// startPager starts the pager; quit is called when it has ended. It returns nil if there is none, or if the choice is
// "cat" or empty. Until it is closed an interrupt is for the pager alone.
func startPager(out io.Writer, quit func()) (*pager, error) {
	words := strings.Fields(pagerName())
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
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &pager{in, make(chan os.Signal, 1), make(chan struct{})}
	signal.Notify(p.interrupts, os.Interrupt)
	go func() {
		defer close(p.ended)
		cmd.Wait() // its exit status is the reader's business
		quit()
	}()
	return p, nil
}

// close waits until the reader has seen enough.
func (p *pager) close() error {
	p.WriteCloser.Close()
	<-p.ended
	signal.Stop(p.interrupts)
	return nil
}
