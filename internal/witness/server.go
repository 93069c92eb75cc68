package witness

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"constat/internal/vfs"
	"constat/seal"
)

// Log is a log that a witness vouches for.
type Log struct {
	Origin string
	Key    seal.LogKey // several logs of one origin have one key each, any of which may sign
}

// ServerConfig is what a witness needs. FS, Store and Key must be set.
type ServerConfig struct {
	FS     vfs.FS
	Store  string // its directory; what the witness has seen stands beside its keys
	Key    *seal.WitnessKey
	Logs   []Log
	Report func(error)      // gets what the operator should know: forks, and what went wrong inside; nil: nobody does
	Now    func() time.Time // nil: time.Now
}

// Server is a witness. It implements [http.Handler] for the paths below its prefix, and may be used concurrently.
type Server struct {
	config ServerConfig
	seen   seen
	logs   atomic.Pointer[map[string][]seal.LogKey] // by origin

	mu     sync.Mutex
	locks  map[string]*sync.Mutex // by origin: held from looking until the cosignature is durable; guarded by mu
	counts Counts                 // guarded by mu
}

// Counts is what a witness has done since its start.
type Counts struct {
	Cosigned uint64
	Refused  map[int]uint64 // by status of the answer
}

// NewServer returns the witness of a store.
func NewServer(c ServerConfig) (*Server, error) {
	if c.Report == nil {
		c.Report = func(error) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{config: c, seen: seen{c.FS, stateOf(c.Store), c.Key.Cosigner()}, locks: map[string]*sync.Mutex{},
		counts: Counts{Refused: map[int]uint64{}}}
	s.SetLogs(c.Logs)
	return s, s.seen.make()
}

// SetLogs changes the logs that the witness vouches for.
func (s *Server) SetLogs(logs []Log) {
	keys := map[string][]seal.LogKey{}
	for _, l := range logs {
		keys[l.Origin] = append(keys[l.Origin], l.Key)
	}
	s.logs.Store(&keys)
}

// Counts returns what was done.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Counts{Cosigned: s.counts.Cosigned, Refused: map[int]uint64{}}
	for status, n := range s.counts.Refused {
		c.Refused[status] = n
	}
	return c
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path == addPath {
		s.serveAdd(w, r)
		return
	}
	s.serveSeen(w, r)
}

// refusal is an answer that is no cosignature.
type refusal struct {
	status int
	text   string
	size   bool // text is a size
}

func (s *Server) serveAdd(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, fmt.Sprintf("more than %d bytes", maxRequest), http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		http.Error(w, "the request ended early", http.StatusBadRequest)
		return
	}
	line, no := s.add(body)
	s.count(no)
	if no == nil {
		w.Header().Set("Content-Type", textType)
		io.WriteString(w, line)
		return
	}
	w.Header().Set("Content-Type", textType)
	if no.size {
		w.Header().Set("Content-Type", sizeType)
	}
	w.WriteHeader(no.status)
	io.WriteString(w, no.text+"\n")
}

func (s *Server) count(no *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if no == nil {
		s.counts.Cosigned++
	} else {
		s.counts.Refused[no.status]++
	}
}

// add answers a request with the line of a cosignature, or says why not.
func (s *Server) add(body []byte) (line string, no *refusal) {
	r, err := parseRequest(body)
	if err != nil {
		return "", &refusal{http.StatusBadRequest, err.Error(), false}
	}
	text, _, err := seal.Cosignatures(r.checkpoint)
	if err != nil {
		return "", &refusal{http.StatusBadRequest, "the checkpoint is not a signed note", false}
	}
	origin, _, _ := strings.Cut(text, "\n")
	keys, known := (*s.logs.Load())[origin]
	if !known {
		return "", &refusal{http.StatusNotFound, "this witness does not know the origin", false}
	}
	head, err := seal.OpenTreeHead(r.checkpoint, keys)
	switch {
	case errors.Is(err, seal.ErrLogSignature):
		return "", &refusal{http.StatusForbidden, "the checkpoint is not signed by a key of the origin that this witness knows", false}
	case err != nil:
		return "", &refusal{http.StatusBadRequest, err.Error(), false}
	case r.old > head.Size:
		return "", &refusal{http.StatusBadRequest, "the old size is above that of the checkpoint", false}
	}
	return s.cosign(r, head)
}

// cosign compares a checkpoint of a known log with what was seen of it, remembers it, and signs it. It does so for one
// request of an origin at a time.
func (s *Server) cosign(r request, head seal.TreeHead) (line string, no *refusal) {
	lock := s.lock(head.Origin)
	lock.Lock()
	defer lock.Unlock()
	last, _, err := s.seen.read(head.Origin)
	if err != nil {
		return "", s.inside(err)
	}
	held := &refusal{http.StatusConflict, strconv.FormatUint(last.Size, 10), true}
	if r.old != last.Size {
		return "", held
	}
	if err := seal.CheckConsistency(r.proof, last.Size, head.Size, last.Root, head.Root); err != nil {
		s.config.Report(fmt.Errorf("witness: %s offered a tree of %d entries, root %v, which is not shown to continue that of %d, root %v: %w",
			head.Origin, head.Size, head.Root, last.Size, last.Root, err))
		if last.Size == head.Size && last.Root != head.Root {
			return "", held
		}
		return "", &refusal{http.StatusUnprocessableEntity, "the proof does not show that the checkpoint continues what this witness has seen", false}
	}
	line = s.config.Key.Cosign(head.Text, s.config.Now().Unix()).Line()
	if err := s.seen.write(head.Origin, []byte(head.Text+"\n"+head.Signed+line)); err != nil {
		return "", s.inside(err)
	}
	return line, nil
}

func (s *Server) inside(err error) *refusal {
	s.config.Report(fmt.Errorf("witness: %w", err))
	return &refusal{http.StatusInternalServerError, "internal error", false}
}

func (s *Server) lock(origin string) *sync.Mutex {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locks[origin] == nil {
		s.locks[origin] = new(sync.Mutex)
	}
	return s.locks[origin]
}

// serveSeen answers GET /<SHA-256 of the origin in hex>/checkpoint with what was cosigned last.
func (s *Server) serveSeen(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/checkpoint")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	for origin := range *s.logs.Load() {
		if !ok || originName(origin) != name {
			continue
		}
		_, note, err := s.seen.read(origin)
		switch {
		case err != nil:
			s.config.Report(fmt.Errorf("witness: %w", err))
			http.Error(w, "internal error", http.StatusInternalServerError)
		case note == nil:
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", textType)
			w.Write(note)
		}
		return
	}
	http.NotFound(w, r)
}
