package query

import "time"

// ResolveTimes returns the moments of a Time's bounds in µs since 1970-01-01 UTC, from included and until excluded, nil
// where there is no bound. read is called once for each bound with its text, such as "-1h".
func (t Time) ResolveTimes(read func(text string) (time.Time, error)) (from, until *int64, err error) {
	bound := func(b Bound, next bool) (*int64, error) {
		if b.Text == "" {
			return nil, nil
		}
		at, err := read(b.Text)
		if err != nil {
			return nil, err
		}
		micros := at.UnixMicro()
		if next {
			micros++
		}
		return &micros, nil
	}
	if from, err = bound(t.Low, t.Low.Open); err != nil {
		return nil, nil, err
	}
	until, err = bound(t.High, !t.High.Open)
	return from, until, err
}
