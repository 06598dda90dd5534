package functions

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// maxOutside is how much of a text from outside is looked at for secrets before it is cut.
const maxOutside = 32 << 10

// sentence is what a fact says, with the values that stand in it.
type sentence struct {
	text   strings.Builder
	values map[string]float64
}

// value is a number with the name that it has among a fact's values, and its words.
type value struct {
	key   string
	v     float64
	words string
}

// say returns a sentence. Among its arguments, a value is written by its words and kept, a time as RFC 3339, and a string
// as it is: text from outside is quoted before.
func say(format string, a ...any) *sentence {
	s := &sentence{values: map[string]float64{}}
	return s.and(format, a...)
}

// and appends to the sentence.
func (s *sentence) and(format string, a ...any) *sentence {
	words := make([]any, len(a))
	for i, x := range a {
		switch x := x.(type) {
		case value:
			s.values[x.key] = x.v
			words[i] = x.words
		case time.Time:
			words[i] = stamp(x)
		default:
			words[i] = x
		}
	}
	fmt.Fprintf(&s.text, format, words...)
	return s
}

// all appends the values, each behind its name, with commas between them.
func (s *sentence) all(list []named) *sentence {
	for i, n := range list {
		if i > 0 {
			s.and(", ")
		}
		s.and("%s %s", n.name, n.value)
	}
	return s
}

// named is a value behind its name.
type named struct {
	name  string
	value value
}

func bytesOf[N ~int | ~int64 | ~float64](key string, n N) value {
	return value{key + "_bytes", float64(n), investigations.FormatBytes(n)}
}

func countOf[N ~int | ~int32 | ~int64](key string, n N) value {
	return value{key, float64(n), strconv.FormatInt(int64(n), 10)}
}

// things is a count with what is counted, in the singular where it is one.
func things[N ~int | ~int32 | ~int64](key string, n N, one, many string) value {
	c := countOf(key, n)
	if n == 1 {
		c.words += " " + one
	} else {
		c.words += " " + many
	}
	return c
}

func secondsOf(key string, d time.Duration) value {
	return value{key + "_s", d.Seconds(), investigations.FormatDuration(d)}
}

func percentOf(key string, v float64) value { return value{key + "_percent", v, digits(v) + " %"} }

func numberOf(key string, v float64) value { return value{key, v, digits(v)} }

// digits writes a number with three significant digits, but never short of a whole one.
func digits(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "unknown"
	}
	places := 0
	if abs := math.Abs(v); abs > 0 && abs < 99.95 {
		places = 2 - int(math.Floor(math.Log10(abs)))
		places = min(max(places, 0), 6)
	}
	text := strconv.FormatFloat(v, 'f', places, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// stamp is a moment to the second, in UTC.
func stamp(t time.Time) string {
	if t.IsZero() || t.Year() > 9999 || t.Year() < 0 {
		return "an unknown time"
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// quote puts a text from outside into quotes: without secrets, cleaned, and at most limit bytes of it.
func quote(text string, limit int) string {
	return investigations.Quote(redact.Text(head(text)), limit)
}

// quoteValue quotes what stands under a name that may make it a secret.
func quoteValue(name, text string, limit int) string {
	return investigations.Quote(redact.Value(name, head(text)), limit)
}

func head(text string) string { return text[:min(len(text), maxOutside)] }

// plain makes a text of several pieces fit for a note: one line, cut, without citations, without secrets.
func plain(text string, limit int) string {
	return investigations.WithoutCitations(investigations.CleanText(redact.Text(text), limit))
}

func words(enum string) string { return strings.ReplaceAll(enum, "_", " ") }
