package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"constat/seal"
)

// Limits of a request to a witness.
const (
	pushTimeout = 15 * time.Second
	maxAnswer   = 64 << 10 // bytes
	maxTries    = 3        // with the size that the witness says it holds
)

// ErrRefused says that a witness has seen a history that the journal does not continue: one of the two stores that sign
// with this key is not the one that it claims to be.
var ErrRefused = errors.New("the witness refuses the journal")

// newHTTP returns a client that follows no redirects: what is asked of a witness is asked of that witness.
func newHTTP() *http.Client {
	return &http.Client{Timeout: pushTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is what a witness says.
type answer struct {
	status int
	size   bool // the body is a size
	body   string
}

// push offers a checkpoint to a witness that holds so many entries, as far as we know.
func (c *Client) push(ctx context.Context, t Target, held uint64, o *offer) (seal.Cosignature, error) {
	if held > o.Size {
		held = o.Size
	}
	for range maxTries {
		proof, err := o.prove(held)
		if err != nil {
			return seal.Cosignature{}, err
		}
		a, err := c.post(ctx, t.URL+addPath, request{held, proof, o.signed}.format())
		if err != nil {
			return seal.Cosignature{}, err
		}
		if a.status == http.StatusOK {
			return cosignatureOf(t, o, a.body)
		}
		size, err := a.held(o, held)
		if err != nil {
			return seal.Cosignature{}, err
		}
		held = size
	}
	return seal.Cosignature{}, errors.New("the witness says another size each time: another log signs with this key, or two daemons offer this journal")
}

// post sends a request and reads the answer.
func (c *Client) post(ctx context.Context, url string, body []byte) (a answer, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	r.Header.Set("Content-Type", textType)
	w, err := c.HTTP.Do(r)
	if err != nil {
		return a, err
	}
	defer w.Body.Close()
	data, err := io.ReadAll(io.LimitReader(w.Body, maxAnswer+1))
	if err == nil && len(data) > maxAnswer {
		err = fmt.Errorf("%s: answer of more than %d bytes", url, maxAnswer)
	}
	return answer{w.StatusCode, w.Header.Get("Content-Type") == sizeType, string(data)}, err
}

// cosignatureOf finds the cosignature of a witness in its answer and checks it.
func cosignatureOf(t Target, o *offer, body string) (s seal.Cosignature, err error) {
	for line := range strings.Lines(body) {
		if s, err = seal.ParseCosignature(line); err == nil && t.Cosigner.Made(s) {
			return s, t.Cosigner.Verify(o.Text(), s)
		}
	}
	return s, fmt.Errorf("%w: the answer has none by the key %s: compare it with the one that the witness prints", seal.ErrCosignature, t.Cosigner.VKey())
}

// held returns the size that a witness says it holds and from which a proof is worth trying, or what is wrong. asked is
// the size from which the proof was.
func (a answer) held(o *offer, asked uint64) (uint64, error) {
	said := printable(a.body)
	switch {
	case a.status == http.StatusConflict && a.size:
		size, err := parseSize(strings.TrimSuffix(a.body, "\n"))
		switch {
		case err != nil:
			return 0, fmt.Errorf("the witness answered 409 with %s", said)
		case size > o.Size:
			return 0, fmt.Errorf("%w: it has seen %d entries of %s, the store has %d: it was rolled back, or a copy of it goes on elsewhere", ErrRefused, size, o.Origin, o.Size)
		case size == asked && size == o.Size:
			return 0, fmt.Errorf("%w: it has seen another root of %s at %d entries", ErrRefused, o.Origin, size)
		case size == asked:
			return 0, fmt.Errorf("the witness answered 409 with the size %d from which the proof was", size)
		}
		return size, nil
	case a.status == http.StatusUnprocessableEntity:
		return 0, fmt.Errorf("%w: %d entries of %s do not continue the %d that it has seen (%s)", ErrRefused, o.Size, o.Origin, asked, said)
	case a.status == http.StatusNotFound:
		return 0, fmt.Errorf("the witness does not know the log %s, or the address is wrong: its operator must add the key %s", o.Origin, o.vkey)
	case a.status == http.StatusForbidden:
		return 0, fmt.Errorf("the witness knows another key of %s: its operator must add %s", o.Origin, o.vkey)
	}
	return 0, fmt.Errorf("the witness answered %d %s", a.status, said)
}

// printable is the beginning of what somebody else wrote, on one line.
func printable(text string) string { return fmt.Sprintf("%.200q", strings.TrimSpace(text)) }
