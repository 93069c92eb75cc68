package config

import "fmt"

// When complete heads become segments.
const (
	ConvertAtOnce = "at-once"
	ConvertNever  = "never"
)

// Converts reports whether the daemon makes segments of complete heads.
func (c *Config) Converts() bool { return c.Convert != ConvertNever }

// validateConvert finds a word that is none.
func (c *Config) validateConvert() []problem {
	switch c.Convert {
	case "", ConvertAtOnce, ConvertNever:
		return nil
	}
	return []problem{{"convert", fmt.Sprintf("%q: want %s or %s", c.Convert, ConvertAtOnce, ConvertNever)}}
}
