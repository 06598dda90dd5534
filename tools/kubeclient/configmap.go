package kubeclient

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
)

// Bounds on what is looked for in a ConfigMap's values.
const (
	maxDocument  = 256 << 10 // bytes of a value that is looked into
	maxLine      = 300       // bytes of a line that is kept
	maxKeptLines = 50        // of a value
)

// ConfigMap converts a ConfigMap; source is where it was found. Of its values only those that steer a runtime's
// memory are kept, and of a file the lines that do.
func (c *Converter) ConfigMap(from *corev1.ConfigMap, source string) (investigations.ConfigMap, error) {
	if from.Name == "" {
		return investigations.ConfigMap{}, ErrNoName
	}
	m := investigations.ConfigMap{
		Namespace: c.text(from.Namespace), Name: from.Name, Created: timeOf(&from.CreationTimestamp),
		Changed: c.changes(from.ManagedFields), HasManagedFields: len(from.ManagedFields) > 0, Source: source,
	}
	for _, key := range slices.Sorted(maps.Keys(from.Data)) {
		m.Keys = append(m.Keys, c.text(key))
		if kept := c.memorySetting(key, from.Data[key]); kept != "" {
			if m.Data == nil {
				m.Data = map[string]string{}
			}
			m.Data[c.text(key)] = kept
		}
	}
	for _, key := range slices.Sorted(maps.Keys(from.BinaryData)) {
		m.Keys = append(m.Keys, c.text(key))
	}
	return m, nil
}

// memorySetting returns what of a value steers memory.
func (c *Converter) memorySetting(key, value string) string {
	class := c.class(key)
	value = strings.TrimSpace(value)
	switch {
	case class == nameSecret || value == "" || len(value) > maxDocument:
		return ""
	case strings.Contains(value, "\n"):
		return c.memoryLines(value)
	case len(value) > maxValue:
		return ""
	}
	if kept := safeValue(class, value); kept != "" {
		return kept
	}
	switch {
	case memoryFlag.MatchString(value):
		return safeFlags(value)
	case memorySize.MatchString(value): // whatever its key is called, a variable may take it for its limit
		return value
	}
	return ""
}

// memorySize is a size with its unit, which is no secret's form.
var memorySize = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,3})?\s?[kmgtKMGT](i?[bB])?$`)

// memoryWords are in every line that memoryFlag or a name that steers memory is in. They are quick to look for.
var memoryWords = []string{
	"mem", "heap", "-x", "space", "cache", "buffer", "pool", "worker", "thread", "opts", "options", "gogc", "malloc", "ram",
	"concurrency", "batch", "args", "queue", "max",
}

func mayConcernMemory(lower string) bool {
	return slices.ContainsFunc(memoryWords, func(w string) bool { return strings.Contains(lower, w) })
}

// memoryLines returns the lines of a file that steer memory.
func (c *Converter) memoryLines(document string) string {
	if !mayConcernMemory(strings.ToLower(document)) {
		return ""
	}
	var kept []string
	for line := range strings.Lines(document) {
		line = strings.TrimSpace(line)
		if line == "" || len(line) > maxLine || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") ||
			!mayConcernMemory(strings.ToLower(line)) {
			continue
		}
		if line = c.memoryLine(line); line != "" {
			kept = append(kept, line)
		}
		if len(kept) == maxKeptLines {
			break
		}
	}
	return strings.Join(kept, "\n")
}

// memoryLine returns a line of the form KEY=VALUE, KEY: VALUE or KEY VALUE, if it steers memory and its value is
// no secret.
func (c *Converter) memoryLine(line string) string {
	line = strings.TrimPrefix(line, "export ")
	i := strings.IndexAny(line, "=: \t")
	if i < 0 {
		i = len(line)
	}
	key := strings.Trim(line[:i], `"'-`)
	class := classify(key) // keys of files are too many to remember
	value := strings.Trim(line[i:], "=: \t,;")
	switch {
	case class == nameSecret:
		return ""
	case safeValue(class, strings.Trim(value, `"'`)) != "", memoryFlag.MatchString(line):
		return safeFlags(line)
	}
	return ""
}
