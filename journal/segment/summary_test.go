package segment

import (
	"bytes"
	"testing"
)

func FuzzSummary(f *testing.F) {
	s := Summary{First: 70000, Kinds: 1, Span: Span{To: 5, MinReceived: -4, MaxReceived: 9, HasEvent: true, MinEvent: 1, MaxEvent: 2}}
	f.Add(s.Append(nil))
	s.Columns = []SummaryColumn{newSummaryColumn(1, "MESSAGE", 640, 128), newSummaryColumn(tagRest, "", 0, 0)}
	f.Add(s.Append([]byte(nil)))
	f.Add(s.Append(s.Append(nil)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, rest, err := ParseSummary(data)
		if err != nil {
			return
		}
		again, _, err := ParseSummary(s.Append(nil))
		if err != nil || !bytes.Equal(again.Append(nil), s.Append(nil)) || len(rest) >= len(data) {
			t.Errorf("%+v became %+v: %v", s, again, err)
		}
		for i := range s.Columns {
			if has, _ := s.Columns[i].Has(bytes.NewReader(data), []byte("word")); !has && !s.Columns[i].Filtered() {
				t.Error("a column without a filter denies a word")
			}
		}
	})
}
