package modeltest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// maxRepeated bounds what repeat writes, in bytes.
const maxRepeated = 16 << 20

// render fills a text of a transcript from the request. The package's documentation lists the functions; what they don't
// find is an error.
func render(text string, req Request) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New("").Option("missingkey=error").Funcs(functions(req)).Parse(text)
	if err != nil {
		return "", fmt.Errorf("parse the template %q: %w", text, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, nil); err != nil {
		return "", fmt.Errorf("fill the template %q: %w", text, err)
	}
	return b.String(), nil
}

func functions(req Request) template.FuncMap {
	find := func(words ...string) (Fact, error) {
		f, ok := req.Fact(words...)
		if !ok {
			return f, fmt.Errorf("no fact of request %d holds %q", req.Number, words)
		}
		return f, nil
	}
	return template.FuncMap{
		"fact": func(words ...string) (string, error) {
			f, err := find(words...)
			return f.ID, err
		},
		"cite": func(each ...string) (string, error) {
			var ids []string
			for _, words := range each {
				f, err := find(words)
				if err != nil {
					return "", err
				}
				ids = append(ids, "["+f.ID+"]")
			}
			return strings.Join(ids, " "), nil
		},
		"says": func(words ...string) (string, error) {
			f, err := find(words...)
			return f.Says(), err
		},
		"value": func(words, name string) (string, error) {
			f, err := find(words)
			if err != nil {
				return "", err
			}
			v, ok := f.Value(name)
			if !ok {
				return "", fmt.Errorf("%s has no value %q", f.ID, name)
			}
			return v, nil
		},
		"match":  func(expr string) (string, error) { return match(req.Prompt(), expr) },
		"prompt": req.Prompt,
		"last":   func() string { return req.Last().Text },
		"add":    arithmetic(func(a, b float64) float64 { return a + b }),
		"sub":    arithmetic(func(a, b float64) float64 { return a - b }),
		"mul":    arithmetic(func(a, b float64) float64 { return a * b }),
		"div":    arithmetic(func(a, b float64) float64 { return a / b }),
		"size":   size,
		"repeat": func(n int, text string) string {
			return strings.Repeat(text, min(max(n, 0), maxRepeated/max(len(text), 1)))
		},
	}
}

// match returns what expr's first group finds in text, or all that it finds where it has none.
func match(text, expr string) (string, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return "", err
	}
	m := re.FindStringSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("nothing in the prompt matches %q", expr)
	}
	return m[min(1, len(m)-1)], nil
}

// arithmetic makes a template's function of op; its arguments are numbers, or texts that hold one.
func arithmetic(op func(a, b float64) float64) func(a, b any) (string, error) {
	return func(a, b any) (string, error) {
		x, err := strconv.ParseFloat(fmt.Sprint(a), 64)
		if err != nil {
			return "", err
		}
		y, err := strconv.ParseFloat(fmt.Sprint(b), 64)
		if err != nil {
			return "", err
		}
		return strconv.FormatFloat(op(x, y), 'f', -1, 64), nil
	}
}

// size writes bytes with the largest unit that leaves at least one, and at most two decimals.
func size(bytes any) (string, error) {
	n, err := strconv.ParseFloat(fmt.Sprint(bytes), 64)
	if err != nil {
		return "", err
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; n >= 1024 && i < len(units)-1; i++ {
		n /= 1024
	}
	text := strconv.FormatFloat(n, 'f', 2, 64)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".") + " " + units[i], nil
}
