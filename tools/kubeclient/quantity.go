package kubeclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/oombot/oombot/investigations"
)

// Bytes returns a quantity in bytes: a part of a byte counts as one, what no int64 holds is the largest, and
// nothing is below zero.
func Bytes(q resource.Quantity) int64 {
	switch f := q.AsApproximateFloat64(); {
	case f >= math.MaxInt64: // Value would wrap around
		return math.MaxInt64
	case f > 0:
		return q.Value()
	}
	return 0
}

func memory(list corev1.ResourceList) *int64 { return bytesIn(list, corev1.ResourceMemory) }

func bytesIn(list corev1.ResourceList, name corev1.ResourceName) *int64 {
	q, ok := list[name]
	if !ok {
		return nil
	}
	b := Bytes(q)
	return &b
}

// limit is memory as a limit: zero is none to the kubelet.
func limit(list corev1.ResourceList) *int64 {
	if b := memory(list); b != nil && *b > 0 {
		return b
	}
	return nil
}

// written is a memory quantity as the API server writes it.
func written(list corev1.ResourceList) string {
	q, ok := list[corev1.ResourceMemory]
	if !ok {
		return ""
	}
	return investigations.CleanText(q.String(), 40)
}

var errQuantity = errors.New("it holds a quantity of more digits than any memory has")

// The most digits of a quantity and of its exponent that are let through. resource.Quantity takes seconds for a
// million digits, and hours for 1e-999999999.
const (
	maxDigits   = 40
	maxExponent = 3
)

// checkQuantities refuses an item with a quantity that would keep the parser of quantities busy.
func checkQuantities(raw []byte) error {
	if !hasLongNumber(raw) {
		return nil
	}
	var doc any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&doc) == nil && longQuantity(doc, false) {
		return errQuantity
	}
	return nil
}

// hasLongNumber looks for a number, quoted or not, with more digits than a quantity may have. It finds ids
// that look like numbers too.
func hasLongNumber(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '"' && raw[i] != ':' {
			continue
		}
		// resource.Quantity trims spaces, those beyond ASCII too.
		for i+1 < len(raw) && (raw[i+1] <= ' ' || raw[i+1] >= utf8.RuneSelf) {
			i++
		}
		if isLongNumber(raw[i+1:]) {
			return true
		}
	}
	return false
}

// isLongNumber says whether p begins with a long number.
func isLongNumber(p []byte) bool {
	digits, i := 0, 0
	for ; i < len(p) && (p[i] >= '0' && p[i] <= '9' || p[i] == '.' || p[i] == '+' || p[i] == '-'); i++ {
		digits++
	}
	if digits > maxDigits {
		return true
	}
	if digits == 0 || i == len(p) || p[i]|0x20 != 'e' {
		return false
	}
	exponent := 0
	for i++; i < len(p) && (p[i] >= '0' && p[i] <= '9' || p[i] == '+' || p[i] == '-'); i++ {
		if p[i] >= '0' {
			exponent++
		}
	}
	return exponent > maxExponent
}

// quantityKeys are the fields of Kubernetes objects below which quantities stand.
var quantityKeys = map[string]bool{
	"resources": true, "limits": true, "requests": true, "capacity": true, "allocatable": true, "overhead": true,
	"allocatedResources": true, "sizeLimit": true, "divisor": true, "hard": true, "used": true,
	"default": true, "defaultRequest": true, "min": true, "max": true, "maxLimitRequestRatio": true,
	"target": true, "averageValue": true, "value": true, "metrics": true, "currentMetrics": true,
	"containerRecommendations": true, "storage": true,
}

func longQuantity(v any, below bool) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, field := range v {
			if longQuantity(field, below || quantityKeys[key]) {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if longQuantity(element, below) {
				return true
			}
		}
	case string:
		return below && isLongNumber([]byte(strings.TrimSpace(v)))
	case json.Number:
		return below && isLongNumber([]byte(v))
	}
	return false
}
