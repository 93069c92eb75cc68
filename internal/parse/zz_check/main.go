package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"constat/entry"
	"constat/internal/parse"
)

func main() {
	for _, name := range []string{"rfc3164", "rfc5424", "jsonl", "export", "text"} {
		data, err := os.ReadFile("/tmp/c_" + name)
		if err != nil {
			panic(err)
		}
		det := parse.Detect(data[:min(len(data), 65536)])
		for _, fn := range []string{name, "auto"} {
			if fn == "auto" && name == "export" {
				continue
			}
			f, _ := parse.FormatByName(fn)
			p := parse.New(f, parse.Options{Provenance: entry.Imported})
			s := parse.NewSplitter(bytes.NewReader(data), f, 0)
			var e entry.Entry
			n, raw, noparams, text := 0, 0, 0, 0
			shown := 0
			var all, out, body []byte
			d := &entry.Decoder{}
			now := time.Date(2025, 10, 10, 0, 0, 0, 0, time.UTC).UnixMicro()
			t0 := time.Now()
			for {
				o, lost, err := s.Next()
				if err == io.EOF {
					break
				}
				if err != nil || lost != 0 {
					panic("lost")
				}
				p.Parse(&e, o, now)
				n++
				var ok bool
				out, ok, err = entry.AppendReceived(out[:0], &e)
				if !ok || err != nil || !bytes.Equal(out, o) {
					fmt.Printf("BAD %q %v\n", o, err)
					os.Exit(1)
				}
				all = append(all, out...)
				if f != parse.Export {
					all = append(all, '\n')
				}
				if e.Renderer == entry.RenderNone {
					raw++
					if shown < 3 {
						shown++
						fmt.Printf("raw: %q\n", o)
					}
				}
				if len(e.Params) == 0 {
					noparams++
				}
				if e.Renderer == entry.RenderText {
					text++
				}
				body, err = entry.AppendBody(body[:0], &e)
				if err != nil {
					panic(err)
				}
				var e2 entry.Entry
				if err := d.Decode(body, &e2); err != nil {
					panic(err)
				}
				if n%1024 == 0 {
					p.Release()
					s.Recycle()
				}
			}
			fmt.Printf("%-8s as %-8s detect=%v n=%d raw=%d (%.3f%%) text=%d noparams=%d same=%v %.0f ns each all in\n", name, fn, det, n, raw, 100*float64(raw)/float64(n), text, noparams, bytes.Equal(all, data), float64(time.Since(t0).Nanoseconds())/float64(n))
		}
	}
}
