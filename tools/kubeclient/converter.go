package kubeclient

import (
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Converter turns objects of the Kubernetes API into the domain's types. It remembers the texts that repeat from
// object to object, so that ten thousand pods do not hold ten thousand copies of an image's name. It is not
// safe for concurrent use; New returns one that is ready.
type Converter struct {
	texts map[string]string
	names map[string]nameClass
}

// The most texts that a Converter remembers, and their length in bytes.
const (
	maxTexts   = 100_000
	maxTextLen = 256
)

// New returns a Converter that remembers nothing yet.
func New() *Converter {
	return &Converter{texts: map[string]string{}, names: map[string]nameClass{}}
}

// text returns s, from memory where it was there before.
func (c *Converter) text(s string) string {
	if s == "" || len(s) > maxTextLen {
		return s
	}
	if t, ok := c.texts[s]; ok {
		return t
	}
	if len(c.texts) < maxTexts {
		c.texts[s] = s
	}
	return s
}

func (c *Converter) textMap(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[c.text(k)] = c.text(v)
	}
	return out
}

// lastApplied is kubectl's copy of the whole object, secrets and all.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// maxAnnotation is the length in bytes up to which an annotation is kept. Longer ones are documents.
const maxAnnotation = 1000

func (c *Converter) annotations(m map[string]string) map[string]string {
	kept := maps.Clone(m)
	maps.DeleteFunc(kept, func(k, v string) bool {
		return k == lastApplied || len(v) > maxAnnotation || c.class(k) == nameSecret
	})
	return c.textMap(kept)
}

func (c *Converter) class(name string) nameClass {
	if class, ok := c.names[name]; ok {
		return class
	}
	class := classify(name)
	if len(c.names) < maxTexts {
		c.names[c.text(name)] = class
	}
	return class
}

// timeOf returns the time of an optional stamp, in UTC; zero where there is none.
func timeOf(t *metav1.Time) time.Time {
	if t == nil || t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// mapped returns nil for an empty list, so that absent and empty are the same in evidence.
func mapped[F, T any](from []F, convert func(*F) T) []T {
	if len(from) == 0 {
		return nil
	}
	to := make([]T, len(from))
	for i := range from {
		to[i] = convert(&from[i])
	}
	return to
}
