package metrics

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oombot/oombot/internal/suggest"
	"github.com/oombot/oombot/investigations"
)

// placeholders are what a template may hold, by name, and whether the value is a text as it stands in Kubernetes.
// Such a text is escaped where it is put in: as the content of a PromQL string, and as a regular expression too in
// the form ${name:regex}. The others are PromQL already.
var placeholders = map[string]bool{
	"namespace": true, "pod": true, "container": true, "workload": true, "node": true,
	"pods": false, "services": false, "cgroups": false, "node_addresses": false, "node_pods": false,
	"node_namespaces": false, "cluster": false, "interval": false, "lookback": false, "range": false, "join": false,
	"peak": false,
}

// placeholder matches $$, $name, ${name} and ${name:regex}.
var placeholder = regexp.MustCompile(`\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(:\w+)?\})`)

// checkTemplate says what is wrong with a template.
func checkTemplate(template string) error {
	if strings.TrimSpace(template) == "" {
		return fmt.Errorf("the query is empty: leave the key out for the default")
	}
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		name := m[1] + m[2]
		raw, known := placeholders[name]
		switch {
		case name == "": // $$
		case !known:
			return fmt.Errorf("there is no placeholder $%s; the nearest is $%s (write $$%s for the text itself)",
				name, nearest(name, slices.Collect(maps.Keys(placeholders))), name)
		case m[3] != "" && m[3] != ":regex":
			return fmt.Errorf("${%s%s} is unknown: the only form of a placeholder is ${%s:regex}", name, m[3], name)
		case m[3] != "" && !raw:
			return fmt.Errorf("${%s:regex}: $%s is a regular expression or PromQL already", name, name)
		}
	}
	return nil
}

// expand puts values into a template. It returns the placeholders without a value, for which the query can't be
// asked: a matcher of an empty string would match everything that lacks the label.
func expand(template string, values map[string]string) (query string, missing []string) {
	query = placeholder.ReplaceAllStringFunc(template, func(m string) string {
		if m == "$$" {
			return "$"
		}
		parts := placeholder.FindStringSubmatch(m)
		name := parts[1] + parts[2]
		value, ok := values[name]
		if !ok || placeholders[name] && value == "" {
			missing = append(missing, name)
			return ""
		}
		switch {
		case !placeholders[name]:
			return value
		case parts[3] != "":
			return escape(regexp.QuoteMeta(value))
		}
		return escape(value)
	})
	slices.Sort(missing)
	return query, slices.Compact(missing)
}

// escape writes s as the content of a PromQL string in single or double quotes.
func escape(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r < ' ' || r == '"' || r == '\'' || r == '`' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// anyOf writes a regular expression, as the content of a PromQL string, that matches each of the texts.
func anyOf(texts []string) string {
	quoted := make([]string, 0, len(texts))
	for _, t := range texts {
		quoted = append(quoted, escape(regexp.QuoteMeta(t)))
	}
	slices.Sort(quoted)
	return strings.Join(slices.Compact(quoted), "|")
}

// checkQueries says which of the configured queries can't be used, all faults joined.
func checkQueries(queries map[string]string) []error {
	var names []string
	for _, s := range specs() {
		names = append(names, s.name)
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		if !slices.Contains(names, name) {
			faults = append(faults, fmt.Errorf("prometheus.queries.%s: there is no query of that name; the nearest is %s",
				investigations.CleanText(name, 60), nearest(name, names)))
			continue
		}
		if err := checkTemplate(queries[name]); err != nil {
			faults = append(faults, fmt.Errorf("prometheus.queries.%s: %w", name, err))
		}
	}
	return faults
}

// nearest returns the one of names that takes the fewest changes of a letter to become name.
func nearest(name string, names []string) string {
	slices.Sort(names)
	return slices.MinFunc(names, func(a, b string) int { return suggest.Distance(name, a) - suggest.Distance(name, b) })
}
