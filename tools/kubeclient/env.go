package kubeclient

import (
	"math"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
)

// env converts a container's variables. The kubelet puts $(NAME) in place of an earlier variable's value; so
// does env where that value is kept.
func (c *Converter) env(ct *corev1.Container, all []corev1.Container) []investigations.EnvVar {
	known := map[string]string{}
	return mapped(ct.Env, func(from *corev1.EnvVar) investigations.EnvVar {
		v := c.envVar(from, ct, all, known)
		if v.Value != "" {
			known[v.Name] = v.Value
		}
		return v
	})
}

func (c *Converter) envVar(from *corev1.EnvVar, ct *corev1.Container, all []corev1.Container, known map[string]string) investigations.EnvVar {
	v := investigations.EnvVar{Name: c.text(from.Name)}
	source := from.ValueFrom
	switch {
	case source == nil:
		v.Value = c.text(expand(safeValue(c.class(from.Name), from.Value), known))
		if from.Value != "" {
			v.Digest = c.text(digest(from.Value))
		}
	case source.ConfigMapKeyRef != nil:
		v.ConfigMap, v.Key = c.text(source.ConfigMapKeyRef.Name), c.text(source.ConfigMapKeyRef.Key)
	case source.ResourceFieldRef != nil:
		value, ok := resourceField(source.ResourceFieldRef, ct, all)
		v.Value, v.Opaque = value, !ok
	default: // a Secret, a field of the pod, or a file
		v.Opaque = true
	}
	return v
}

// resourceField computes what the kubelet sets for a memory resource of a container. Without a limit it takes
// the node's allocatable, which is not known here.
func resourceField(ref *corev1.ResourceFieldSelector, ct *corev1.Container, all []corev1.Container) (string, bool) {
	for i := range all {
		if ref.ContainerName != "" && all[i].Name == ref.ContainerName {
			ct = &all[i]
		}
	}
	var amount *int64
	switch ref.Resource {
	case "limits.memory":
		amount = limit(ct.Resources.Limits)
	case "requests.memory":
		amount = memory(ct.Resources.Requests)
	}
	if amount == nil {
		return "", false
	}
	divisor := Bytes(ref.Divisor)
	if divisor == 0 {
		divisor = 1 // not set
	}
	return strconv.FormatInt(int64(math.Ceil(float64(*amount)/float64(divisor))), 10), true
}

// expand puts known values in place of $(NAME), as the kubelet does in values, commands and arguments. $$ is an
// escaped $, and what is not known stays as it stands.
func expand(s string, known map[string]string) string {
	if !strings.Contains(s, "$") || len(known) == 0 {
		return s
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(strings.TrimPrefix(rest, "("), ")")
		value, ok := known[name]
		switch {
		case strings.HasPrefix(rest, "$"):
			b.WriteString("$$")
			s = rest[1:]
		case strings.HasPrefix(rest, "(") && closed && ok && b.Len()+len(value) <= maxValue:
			b.WriteString(value)
			s = after
		default:
			b.WriteByte('$')
			s = rest
		}
	}
}
