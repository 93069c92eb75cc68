package file

import (
	"os"
	"time"

	"constat/internal/input"
)

// pipePoll is how often is looked whether another pipe is under the path.
const pipePoll = time.Second

// past is a deadline that wakes whoever reads.
func past() time.Time { return time.Unix(1, 0) }

// follow goes over to the pipe that is under the path now, if the former one was removed or replaced. What that holds is
// handed over, and whoever still has it open is told by an error that nobody reads it any more.
func (p *Pipe) follow(to input.Handover, buf []byte) {
	now, err := os.Lstat(p.config.Path)
	if err == nil {
		var before os.FileInfo
		if before, err = p.file.Stat(); err == nil && os.SameFile(now, before) {
			p.told = ""
			return
		}
	}
	next, err := openPipe(p.config.Path)
	if err != nil {
		p.report(err)
		return
	}
	p.drain(to, buf)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.file.Close()
	p.file, p.rest, p.lost, p.told = next, p.rest[:0], 0, ""
	if to.Ctx.Err() != nil {
		p.file.SetReadDeadline(past())
	}
}

// report tells people, once for each reason.
func (p *Pipe) report(err error) {
	if text := err.Error(); text != p.told && p.config.Report != nil {
		p.config.Report(err)
		p.told = text
	}
}
