package main

import (
	"fmt"

	"github.com/oombot/oombot/internal/suggest"
)

// didYouMean returns the end of a message that names the known word nearest to word; "" where none is near.
func didYouMean(prefix, word string, known []string) string {
	if n := suggest.Nearest(word, known); n != "" {
		return fmt.Sprintf("; did you mean %s%s?", prefix, n)
	}
	return ""
}
