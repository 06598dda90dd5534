package grounding

import (
	"math"
	"strconv"
	"strings"
)

// numeral is a number as it was written. A comma may be read in two ways.
type numeral struct {
	values, steps []float64
	// digits counts the significant ones.
	digits int
	// rest is what follows in the same word, as a unit.
	rest string
	// whole says that it was written without a fraction, words that it was written in words.
	whole, words bool
}

func (n numeral) value() float64 { return n.values[0] }

// parseNumeral reads the number that s begins with: 740, 1,073,741,824, 2_147_483_648, 1.57, 1,57, 2.1e9, -0.04, 0x1f. It
// reports false where s begins with none, or with more than one, as 2.4.8 and 2026-04-15 do.
func parseNumeral(s string) (numeral, bool) {
	unsigned := strings.TrimLeft(s, "+-±")
	if len(s)-len(unsigned) > 2 {
		return numeral{}, false
	}
	if n, ok := parseHex(unsigned); ok {
		return n, true
	}
	end := 0
	for end < len(unsigned) {
		b := unsigned[end]
		separates := strings.IndexByte(".,_'", b) >= 0 && end+1 < len(unsigned) && asciiDigit(unsigned[end+1])
		if !asciiDigit(b) && !separates {
			break
		}
		end++
	}
	body, rest := unsigned[:end], unsigned[end:]
	if body == "" || len(body) > 40 || body[0] != '.' && !asciiDigit(body[0]) {
		return numeral{}, false
	}
	n := numeral{rest: rest}
	if !n.read(body) {
		return numeral{}, false
	}
	n.exponent()
	return n, true
}

func parseHex(s string) (numeral, bool) {
	if len(s) < 3 || s[0] != '0' || s[1] != 'x' && s[1] != 'X' {
		return numeral{}, false
	}
	v, err := strconv.ParseUint(s[2:], 16, 52)
	return numeral{values: []float64{float64(v)}, steps: []float64{1}, digits: len(s) - 2, whole: true}, err == nil
}

// read fills in the readings of body, digits with separators.
func (n *numeral) read(body string) bool {
	body = strings.ReplaceAll(body, "'", "_")
	if strings.Contains(body, "_") {
		if !grouped(body, "_") {
			return false
		}
		body = strings.ReplaceAll(body, "_", "")
	}
	commas, dots := strings.Count(body, ","), strings.Count(body, ".")
	switch {
	case commas == 0 && dots <= 1:
		n.add(body)
	case dots > 1 && commas == 0 && grouped(body, "."):
		n.add(strings.ReplaceAll(body, ".", ""))
	case commas == 1 && dots == 0:
		if grouped(body, ",") {
			n.add(strings.ReplaceAll(body, ",", ""))
		}
		n.add(strings.ReplaceAll(body, ",", "."))
	case commas >= 1 && dots <= 1:
		whole, fraction, _ := strings.Cut(body, ".")
		if !grouped(whole, ",") || strings.Contains(fraction, ",") {
			return false
		}
		n.add(strings.ReplaceAll(body, ",", ""))
	}
	return len(n.values) > 0
}

// grouped says whether sep parts s into groups of three digits.
func grouped(s, sep string) bool {
	for i, group := range strings.Split(s, sep) {
		if i > 0 && len(group) != 3 || len(group) == 0 || len(group) > 3 && i > 0 || i == 0 && len(group) > 3 {
			return false
		}
	}
	return true
}

func (n *numeral) add(digits string) {
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(v, 0) {
		return
	}
	_, fraction, found := strings.Cut(digits, ".")
	n.values = append(n.values, v)
	n.steps = append(n.steps, math.Pow(10, -float64(len(fraction))))
	n.whole = !found
	n.digits = max(n.digits, len(strings.TrimLeft(strings.ReplaceAll(digits, ".", ""), "0")))
}

// exponent reads an e9 that follows.
func (n *numeral) exponent() {
	if len(n.rest) < 2 || n.rest[0] != 'e' && n.rest[0] != 'E' {
		return
	}
	end := 1
	if n.rest[1] == '-' || n.rest[1] == '+' {
		end++
	}
	for end < len(n.rest) && asciiDigit(n.rest[end]) {
		end++
	}
	power, err := strconv.Atoi(strings.TrimPrefix(n.rest[1:end], "+"))
	if err != nil || power < -12 || power > 18 {
		return
	}
	n.scale(math.Pow(10, float64(power)))
	n.rest = n.rest[end:]
}

func (n *numeral) scale(by float64) {
	for i := range n.values {
		n.values[i] *= by
		n.steps[i] *= by
	}
}

var smallNumbers = map[string]float64{
	"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
	"eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
	"eighty": 80, "ninety": 90, "dozen": 12,
}

var largeNumbers = map[string]float64{"hundred": 100, "thousand": 1e3, "million": 1e6, "billion": 1e9}

// wordNumeral reads a number in words from words[i:]: two, twenty-five, five hundred, a dozen, two and a half. It returns
// how many words it takes; 0 where there is no number.
func wordNumeral(words []litWord, i int) (numeral, int) {
	start, sum, part, found := i, 0.0, 0.0, false
	if i+1 < len(words) && (words[i].low == "a" || words[i].low == "an") &&
		(words[i+1].low == "dozen" || largeNumbers[words[i+1].low] > 0) {
		part, found = 1, true
		i++
	}
	for ; i < len(words); i++ {
		tens, ones, hyphen := strings.Cut(words[i].low, "-")
		switch {
		case hyphen && smallNumbers[tens] >= 20 && smallNumbers[ones] > 0 && smallNumbers[ones] < 10:
			part += smallNumbers[tens] + smallNumbers[ones]
		case words[i].low == "dozen":
			part = max(part, 1) * 12
		case isSmall(words[i].low) && (!found || part == 0 || math.Mod(part, 100) == 0 || part >= 20 && math.Mod(part, 10) == 0 && smallNumbers[words[i].low] < 10):
			part += smallNumbers[words[i].low]
		case found && largeNumbers[words[i].low] == 100:
			part *= 100
		case found && largeNumbers[words[i].low] > 0:
			sum, part = sum+part*largeNumbers[words[i].low], 0
		case found && words[i].low == "and" && i+2 < len(words) && words[i+1].low == "a" && words[i+2].low == "half":
			return wordsNumeral(sum+part+0.5, 0.5), i + 3 - start
		case found && part >= 100 && words[i].low == "and" && i+1 < len(words) && isSmall(words[i+1].low):
			continue
		default:
			return finishWords(sum+part, i-start, found)
		}
		found = true
		if words[i].ends() {
			i++
			break
		}
	}
	return finishWords(sum+part, i-start, found)
}

func isSmall(word string) bool {
	_, ok := smallNumbers[word]
	return ok
}

func finishWords(v float64, n int, found bool) (numeral, int) {
	if !found {
		return numeral{}, 0
	}
	return wordsNumeral(v, 1), n
}

func wordsNumeral(v, step float64) numeral {
	return numeral{values: []float64{v}, steps: []float64{step}, digits: len(strconv.Itoa(int(v))), whole: step == 1, words: true}
}
