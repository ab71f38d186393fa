package endpoint

import (
	"fmt"
	"net/http"
)

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

// Refusal is what a person may read of an error that he can mend, such as a rule that he breaks; not ok for any other.
func Refusal(err error) (sentence string, ok bool) {
	if err == nil {
		return "", false
	}
	p, grave := problemOf(err)
	return p.Detail, !grave && p.Status >= 400 && p.Status < 499 && p.Status != http.StatusUnauthorized && p.Status != http.StatusTooManyRequests
}

// Sentence is what a client may read of an error, where it does not become the answer.
func Sentence(err error) string {
	p, _ := problemOf(err)
	return p.Detail
}
