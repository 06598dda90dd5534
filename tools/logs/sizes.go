package logs

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	// A number with a unit: "512 MB", "1.2GiB", "134217728 bytes", "512Mi". A rate ("12 MB/s") is none.
	sizeWithUnit = regexp.MustCompile(`(?i)\b(\d[\d,]*(?:\.\d+)?)[ _-]?` +
		`(bytes?(?:\(s\))?|[kmgt]i?b(?:ytes?)?|[kmgt]i|(?:kilo|mega|giga|tera|kibi|mebi|gibi|tebi)bytes?)(/s|ps)?(?:\W|$)`)
	// A number of bytes behind a name that says so: content_length=734003200, "size":1048576, bytes_in=52428800.
	sizeByName = regexp.MustCompile(`(?i)(?:size|length|bytes|payload|body)(?:_(?:in|out|read|received|recv|sent|written|uploaded|processed))?["']?\s?[=:]\s?["']?(\d{5,18})(?:[^\d.\w]|$)`)
	// A number with the letter of a unit behind a name: size=512M, upload 2G.
	sizeByLetter = regexp.MustCompile(`(?i:size|mem|memory|body|payload|file|upload|download|import|export|heap|alloc\w*|cache|length)` +
		`["']?\s?[=: ]\s?["']?(\d+(?:\.\d+)?)([KMGT])(?:\W|$)`)
	// A number behind a name that ends in a unit: size_mb=1450.
	sizeByUnitName = regexp.MustCompile(`(?i)_?([kmgt]i?b)["']?\s?[=:]\s?["']?(\d+(?:\.\d+)?)(?:\W|$)`)

	// A count of things: "4.2 million rows", "1,200,000 records", rows=12000000.
	countOfThings = regexp.MustCompile(`(?i)\b(\d[\d,_]*(?:\.\d+)?)\s?(k|m|mn|mio|thousand|million|billion)?\s` +
		`(?:\w+ )?(?:rows|records|items|documents|docs|entries|events|messages|users|lines|objects|orders|products|customers|` +
		`transactions|keys|points|samples|files|images|pages|vertices|edges|vectors|embeddings)\b`)
	countByName = regexp.MustCompile(`(?i)\b(?:[\w-]*rows?|[\w-]*records?|[\w-]*items?|row_?count|num_\w+|\w*documents|\w*events|limit|batch_?size)` +
		`["']?\s?[=:]\s?["']?(\d[\d,_]*)`)
)

// bytesIn returns the largest size that a line names; 0 where it names none.
func bytesIn(text string) int64 {
	largest := 0.0
	for _, m := range sizeWithUnit.FindAllStringSubmatch(text, 20) {
		if m[3] == "" {
			largest = max(largest, number(m[1])*multiplier(m[2]))
		}
	}
	for _, m := range sizeByName.FindAllStringSubmatch(text, 20) {
		largest = max(largest, number(m[1]))
	}
	for _, m := range sizeByLetter.FindAllStringSubmatch(text, 20) {
		largest = max(largest, number(m[1])*multiplier(m[2]))
	}
	for _, m := range sizeByUnitName.FindAllStringSubmatch(text, 20) {
		largest = max(largest, number(m[2])*multiplier(m[1]))
	}
	if largest >= math.MaxInt64 {
		return 0 // no size that anything has
	}
	return int64(largest)
}

// multiplier returns how many bytes a unit has: a letter alone and those with an i are binary, as Kubernetes
// and the Java virtual machine have them; "MB" is decimal.
func multiplier(unit string) float64 {
	u := strings.ToLower(unit)
	if strings.HasPrefix(u, "byte") {
		return 1
	}
	base := 1000.0
	if len(u) == 1 || len(u) <= 3 && u[1] == 'i' || strings.Contains(u, "ibyte") {
		base = 1024
	}
	return math.Pow(base, float64(strings.IndexByte("kmgt", u[0])+1))
}

// countIn returns the largest count of things that a line names.
func countIn(text string) float64 {
	largest := 0.0
	for _, m := range countOfThings.FindAllStringSubmatch(text, 20) {
		n := number(m[1])
		switch strings.ToLower(m[2]) {
		case "k", "thousand":
			n *= 1e3
		case "m", "mn", "mio", "million":
			n *= 1e6
		case "billion":
			n *= 1e9
		}
		largest = max(largest, n)
	}
	for _, m := range countByName.FindAllStringSubmatch(text, 20) {
		largest = max(largest, number(m[1]))
	}
	return largest
}

// number reads a number with separators: "1,200,000", "1_000", and "2,1" as decimal.
func number(s string) float64 {
	s = strings.TrimRight(s, ",_")
	if i := strings.IndexByte(s, ','); i >= 0 && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") && len(s)-i-1 != 3 {
		s = strings.Replace(s, ",", ".", 1)
	}
	f, err := strconv.ParseFloat(strings.NewReplacer(",", "", "_", "").Replace(s), 64)
	if err != nil {
		return 0
	}
	return f
}
