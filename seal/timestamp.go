package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Time-stamp tokens are those of RFC 3161, in DER, over SHA-256.

// ErrTimestamp is wrapped by every error about a time-stamp token.
var ErrTimestamp = errors.New("bad time stamp")

var (
	oidSHA256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

type algorithm struct {
	OID        asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

type messageImprint struct {
	Algorithm algorithm
	Digest    []byte
}

type timestampRequest struct {
	Version int
	Imprint messageImprint
	Nonce   *big.Int
	CertReq bool
}

type timestampResponse struct {
	Status struct {
		Status int
		Text   []asn1.RawValue `asn1:"optional"`
		Fail   asn1.BitString  `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version    int
	Algorithms asn1.RawValue
	Content    struct {
		Type asn1.ObjectIdentifier
		Info []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      asn1.RawValue
}

type tstInfo struct {
	Version   int
	Policy    asn1.ObjectIdentifier
	Imprint   messageImprint
	Serial    *big.Int
	Time      asn1.RawValue
	Accuracy  accuracy      `asn1:"optional"`
	Ordering  bool          `asn1:"optional"`
	Nonce     *big.Int      `asn1:"optional"`
	Authority asn1.RawValue `asn1:"optional,tag:0"`
	More      asn1.RawValue `asn1:"optional,tag:1"`
}

type accuracy struct {
	Seconds int `asn1:"optional"`
	Millis  int `asn1:"optional,tag:0"`
	Micros  int `asn1:"optional,tag:1"`
}

// TimestampRequest returns the request for a stamp on data. The nonce is to be random, 16 bytes; the answer must repeat it.
func TimestampRequest(data []byte, nonce [16]byte) []byte {
	digest := sha256.Sum256(data)
	der, err := asn1.Marshal(timestampRequest{Version: 1, Nonce: number(nonce), CertReq: true,
		Imprint: messageImprint{algorithm{oidSHA256, asn1.NullRawValue}, digest[:]}})
	if err != nil {
		panic("seal: time-stamp request: " + err.Error())
	}
	return der
}

func number(nonce [16]byte) *big.Int { return new(big.Int).SetBytes(nonce[:]) }

// Timestamp is what an authority says in a token: that data of that digest was there at that time.
type Timestamp struct {
	Digest [sha256.Size]byte
	Time   time.Time // UTC
	Serial *big.Int
	Policy string   // of the authority, an object identifier
	Nonce  *big.Int // nil: none
	data   signedData
}

// ParseTimestamp reads an answer to a request. It checks the status and the form, and neither the signature ([Timestamp.Check]) nor
// that it is about some data ([Timestamp.Stamps]). Errors wrap [ErrTimestamp].
func ParseTimestamp(der []byte) (*Timestamp, error) {
	var r timestampResponse
	if err := unmarshal(der, &r, "answer"); err != nil {
		return nil, err
	}
	if r.Status.Status > 1 || r.Status.Status < 0 { // granted, granted with modifications
		return nil, fmt.Errorf("%w: the authority refused: status %d%s", ErrTimestamp, r.Status.Status, texts(r.Status.Text))
	}
	var c contentInfo
	if err := unmarshal(r.Token.FullBytes, &c, "token"); err != nil {
		return nil, err
	}
	t := &Timestamp{}
	if err := unmarshal(c.Content.Bytes, &t.data, "signed data"); err != nil {
		return nil, err
	}
	if !c.Type.Equal(oidSignedData) || !t.data.Content.Type.Equal(oidTSTInfo) {
		return nil, fmt.Errorf("%w: holds %v of %v", ErrTimestamp, t.data.Content.Type, c.Type)
	}
	var info tstInfo
	if err := unmarshal(t.data.Content.Info, &info, "time-stamp info"); err != nil {
		return nil, err
	}
	return t, t.take(&info)
}

func (t *Timestamp) take(info *tstInfo) (err error) {
	if !info.Imprint.Algorithm.OID.Equal(oidSHA256) || len(info.Imprint.Digest) != sha256.Size {
		return fmt.Errorf("%w: of a digest that is not SHA-256", ErrTimestamp)
	}
	t.Digest, t.Serial, t.Policy, t.Nonce = [sha256.Size]byte(info.Imprint.Digest), info.Serial, info.Policy.String(), info.Nonce
	if info.Time.Tag != asn1.TagGeneralizedTime || info.Time.Class != asn1.ClassUniversal {
		return fmt.Errorf("%w: has no time", ErrTimestamp)
	}
	if t.Time, err = time.Parse("20060102150405Z", string(info.Time.Bytes)); err != nil { // takes a fraction too
		return fmt.Errorf("%w: time %.40q", ErrTimestamp, info.Time.Bytes)
	}
	return nil
}

// unmarshal reads DER, all of it.
func unmarshal(der []byte, into any, what string) error {
	rest, err := asn1.Unmarshal(der, into)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes behind its end", len(rest))
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrTimestamp, what, err)
	}
	return nil
}

func texts(list []asn1.RawValue) string {
	var b strings.Builder
	for _, v := range list {
		fmt.Fprintf(&b, " %.200q", v.Bytes)
	}
	return b.String()
}

// Stamps reports whether the token is about data.
func (t *Timestamp) Stamps(data []byte) bool { return t.Digest == sha256.Sum256(data) }

// Answers reports whether the token is the answer to the request for a stamp on data with that nonce.
func (t *Timestamp) Answers(data []byte, nonce [16]byte) bool {
	return t.Stamps(data) && t.Nonce != nil && bytes.Equal(t.Nonce.Bytes(), number(nonce).Bytes())
}
