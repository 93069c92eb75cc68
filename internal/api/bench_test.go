package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"constat/internal/api"
	"constat/internal/vfs"
	"constat/journal"
)

// BenchmarkHTTP asks how many requests a second a machine answers, client included, of what is decoded already.
func BenchmarkHTTP(b *testing.B) {
	dir := b.TempDir() + "/store"
	if _, err := journal.CreateWith(vfs.OS(), dir, journal.New{Origin: "bench.example", Keys: 16}); err != nil {
		b.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), dir, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	s := &site{writer: w}
	s.append(b, "app", 2000, marker)
	if err := w.Checkpoint(); err != nil {
		b.Fatal(err)
	}
	r, err := journal.OpenReader(vfs.OS(), dir)
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(api.New(api.Config{FS: vfs.OS(), Reader: r, Token: token}))
	defer server.Close()
	server.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	for _, path := range []string{"checkpoint", "tile/0/001", "tile/1/000.p/7", "tile/entries/001"} {
		b.Run(path, func(b *testing.B) { benchGet(b, server, "/tlog/app/"+path) })
	}
}

func benchGet(b *testing.B, server *httptest.Server, path string) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequest("GET", server.URL+path, nil)
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer "+string(token))
			a, err := server.Client().Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			io.Copy(io.Discard, a.Body)
			a.Body.Close()
			if a.StatusCode != http.StatusOK {
				b.Errorf("%s: %s", path, a.Status)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
