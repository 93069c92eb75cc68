package daemon

// bindHTTP binds the published log; part of the next step.
func (d *Daemon) bindHTTP() (url string, p part, err error) { return "", part{}, nil }
