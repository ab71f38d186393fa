package endpoint

import "fmt"

// Count says how many of something there are: 1 property, 2 properties.
func Count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Known refuses the position 0, 0, which programs say that know none; field is the first of the two.
func Known(field string, latitude, longitude float64) error {
	if latitude == 0 && longitude == 0 {
		return InvalidField(field, "0, 0 is no position; leave it out where it is not known")
	}
	return nil
}

// Sentence is what a client may read of an error, where it does not become the answer.
func Sentence(err error) string {
	p, _ := problemOf(err)
	return p.Detail
}
