package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Size is a number of bytes, written with KiB, MiB or GiB behind it, or none.
type Size int64

// UnmarshalYAML reads a size.
func (s *Size) UnmarshalYAML(n ast.Node) error {
	bytes, err := ParseSize(n.GetToken().Value)
	if err != nil {
		return wrong(n, "want a number of bytes such as 65536, 64KiB or 8MiB")
	}
	*s = Size(bytes)
	return nil
}

// ParseSize reads a number of bytes such as 65536, 64KiB or 4GiB.
func ParseSize(text string) (int64, error) {
	number, factor := strings.TrimSpace(text), int64(1)
	for unit, f := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, found := strings.CutSuffix(number, unit); found {
			number, factor = strings.TrimSpace(rest), f
		}
	}
	bytes, err := strconv.ParseInt(number, 10, 64)
	if err != nil || bytes <= 0 || bytes > math.MaxInt64/factor {
		return 0, fmt.Errorf("%q: want a number of bytes such as 65536, 64KiB or 4GiB", text)
	}
	return bytes * factor, nil
}

// Duration is a time, written with ms, s, m or h behind it.
type Duration time.Duration

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(n ast.Node) error {
	parsed, err := time.ParseDuration(n.GetToken().Value)
	if err != nil || parsed <= 0 {
		return wrong(n, "want a time such as 500ms, 30s or 5m")
	}
	*d = Duration(parsed)
	return nil
}

// wrong is an error that says where it is.
func wrong(n ast.Node, want string) error {
	return &yaml.SyntaxError{Message: fmt.Sprintf("%q: %s", n.GetToken().Value, want), Token: n.GetToken()}
}
