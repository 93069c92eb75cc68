package ingest

import (
	"slices"

	"constat/entry"
	"constat/internal/input"
)

// open adds what the envelope of a message says. The envelope is what was received, and so is kept whole; what it says
// of the message counts where the message itself says nothing, also where something would have to be assumed.
func open(e *entry.Entry, c *input.Chunk, envelope *input.Envelope) {
	e.Renderer, e.Params = entry.RenderNone, nil
	e.Fields = slices.DeleteFunc(e.Fields, func(f entry.Field) bool { return f.Name == entry.Raw })
	e.Add(entry.Raw, c.Octets[envelope.Start:envelope.End], entry.Observed)
	for _, claim := range envelope.Claims {
		at := slices.IndexFunc(e.Fields, func(f entry.Field) bool { return f.Name == claim.Name })
		switch {
		case at < 0:
			e.Fields = append(e.Fields, claim)
		case e.Fields[at].Provenance == entry.Observed:
			e.Fields[at] = claim
		}
	}
}
