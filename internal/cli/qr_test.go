package cli

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"constat/seal"
)

// photograph is the drawing of a code as a camera sees it on a dark terminal, with a dark border around.
func photograph(drawing string) image.Image {
	const side, border = 6, 40 // pixels
	lines := strings.Split(strings.TrimSuffix(drawing, "\n"), "\n")
	picture := image.NewGray(image.Rect(0, 0, 2*border+side*len([]rune(lines[0])), 2*border+2*side*len(lines)))
	for y, line := range lines {
		for x, block := range []rune(line) {
			for half, light := range []bool{block == '█' || block == '▀', block == '█' || block == '▄'} {
				for i := range side * side {
					if light {
						picture.Set(border+x*side+i%side, border+(2*y+half)*side+i/side, color.White)
					}
				}
			}
		}
	}
	return picture
}

// TestCodeCanBeScanned: another program reads the code off the drawing.
func TestCodeCanBeScanned(t *testing.T) {
	exe, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skipf("no zbarimg: %v", err)
	}
	for i := range 8 {
		code := seal.Code{byte(i), 1: byte(37 * i), 31: byte(i)}
		drawing, err := drawQR(code.String())
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(drawing, "\n"); n > 24 {
			t.Errorf("%d lines do not fit a terminal", n)
		}
		name := filepath.Join(t.TempDir(), "code.png")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, photograph(drawing)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(exe, "--quiet", "--raw", name).Output()
		if read, parseErr := seal.ParseCode(strings.TrimSpace(string(out))); err != nil || parseErr != nil || read != code {
			t.Errorf("code %d is read as %q: %v %v", i, out, err, parseErr)
		}
	}
}
