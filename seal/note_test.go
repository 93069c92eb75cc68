package seal

import (
	"bytes"
	"errors"
	"testing"
)

func TestOperatorEndorsesAStore(t *testing.T) {
	for i := range byte(20) { // some keys have a '+' in base64
		operatorEndorses(t, IdentityOf([32]byte{7, i}))
	}
}

func operatorEndorses(t *testing.T, operator *Identity) {
	t.Helper()
	c := Certificate{Origin: "host.example", Identity: NewIdentity().Public(), Keys: 16}
	signed, err := EndorseStore(c, "acme.example", operator)
	if err != nil {
		t.Fatal(err)
	}
	if vkey, err := OpenEndorsement(signed, c); err != nil || vkey != operator.Public().VKey("acme.example") {
		t.Errorf("%q, %v", vkey, err)
	}
	other := c
	other.Origin = "other.example"
	if _, err := OpenEndorsement(signed, other); !errors.Is(err, ErrOperator) {
		t.Errorf("for another store: %v", err)
	}
	for i := range signed {
		if i%7 != 0 && i < len(signed)-8 {
			continue
		}
		bad := bytes.Clone(signed)
		if bad[i] ^= 1; !bytes.Equal(bad, signed) {
			if vkey, err := OpenEndorsement(bad, c); err == nil && vkey == operator.Public().VKey("acme.example") {
				t.Errorf("byte %d changed: accepted", i)
			}
		}
	}
	for _, bad := range []string{"", "x", operatorTitle, operatorTitle + "operator a+b+\n"} {
		if _, err := OpenEndorsement([]byte(bad), c); !errors.Is(err, ErrOperator) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := EndorseStore(c, "two words", operator); err == nil {
		t.Error("a name with a blank")
	}
}
