// Package suggest finds the word that a person meant to write.
package suggest

import "strings"

// Nearest returns the known word that word is most likely a slip of: the one with the fewest letters changed,
// at most two of them or a third of the word, or else one that word is the beginning of. It is "" where none
// comes near.
func Nearest(word string, known []string) string {
	word = strings.ToLower(word)
	best, bestDistance := "", max(2, len(word)/3)+1
	for _, k := range known {
		if len(word) > longest || len(k) > longest {
			continue
		}
		if d := Distance(word, strings.ToLower(k)); d < bestDistance && d < len(k) {
			best, bestDistance = k, d
		}
	}
	if best != "" {
		return best
	}
	for _, k := range known {
		if len(word) > 1 && strings.HasPrefix(strings.ToLower(k), word) {
			return k
		}
	}
	return ""
}

// longest is how many bytes a name may have at most.
const longest = 64

// Distance is Levenshtein's: the letters to insert, remove or replace to get from a to b. It takes as many steps as the
// product of their lengths.
func Distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			replaced := diagonal
			if r != s {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(to)]
}
