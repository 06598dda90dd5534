package kubeclient

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/oombot/oombot/investigations"
)

func TestBytes(t *testing.T) {
	tests := []struct {
		quantity string
		want     int64
	}{
		{"512Mi", 512 << 20},
		{"1G", 1e9},
		{"0.5Gi", 512 << 20},
		{"512m", 1}, // half a byte
		{"1500m", 2},
		{"0", 0},
		{"-5Mi", 0},
		{"1e3", 1000},
		{"8Ei", math.MaxInt64},
		{"9999999999999999999Ei", math.MaxInt64},
		{"12345678901234567890", math.MaxInt64},
		{"1e300", math.MaxInt64},
	}
	for _, test := range tests {
		if got := Bytes(resource.MustParse(test.quantity)); got != test.want {
			t.Errorf("%s: %d, want %d", test.quantity, got, test.want)
		}
	}
}

func TestLimitsOfContainers(t *testing.T) {
	tests := []struct {
		limits string
		want   string // bytes as written
	}{
		{`{"memory":"512Mi"}`, "536870912 as 512Mi"},
		{`{"memory":"512m"}`, "1 as 512m"},
		{`{"memory":134217728}`, "134217728 as 134217728"},
		{`{"memory":"0"}`, "none as 0"}, // no limit to the kubelet
		{`{"cpu":"1"}`, "none as "},
		{`{}`, "none as "},
		{`null`, "none as "},
	}
	for _, test := range tests {
		doc := `{"metadata":{"name":"a"},"spec":{"containers":[{"name":"x","resources":{"limits":` + test.limits + `}}]}}`
		c := decodePod(t, doc).Containers[0]
		got := "none"
		if c.MemoryLimit != nil {
			got = fmt.Sprint(*c.MemoryLimit)
		}
		if got += " as " + c.RawMemoryLimit; got != test.want {
			t.Errorf("%s: %s, want %s", test.limits, got, test.want)
		}
	}
}

// decodePod reads and converts one pod.
func decodePod(t *testing.T, doc string) investigations.Pod {
	t.Helper()
	var pod investigations.Pod
	conv := New()
	out := Decode(context.Background(), strings.NewReader(doc), Options{Kind: "Pod"}, func(_ Lines, p *corev1.Pod) error {
		var err error
		pod, err = conv.Pod(p, "pods.json")
		return err
	})
	if out.Items != 1 || out.Err != nil {
		t.Fatalf("decode %s: %+v", doc, out)
	}
	return pod
}

// A quantity with a long exponent keeps its parser busy for hours: the test's deadline is that of go test.
func TestHostileQuantities(t *testing.T) {
	const pod = `{"metadata":{"name":"a"},"spec":{"containers":[{"name":"x","resources":{"limits":{"memory":%s}}}]}}`
	for _, q := range []string{
		`"1e-999999999"`, `"1E-99999999"`, `1e-999999999`, `" 1e-999999999"`, "\"\u00a01e-999999999\"", `"1e+2147483647"`,
		`"` + strings.Repeat("9", 2_000_000) + `"`, `0.` + strings.Repeat("0", 2_000_000) + `1`,
	} {
		start := time.Now()
		names, out := podNames(strings.NewReader(fmt.Sprintf(`{"items":[`+pod+`,{"metadata":{"name":"b"}}]}`, q)))
		if len(names) != 1 || names[0] != "b" || out.Broken != 1 || time.Since(start) > 5*time.Second {
			t.Errorf("%.40s: names %q, outcome %+v, after %s", q, names, out, time.Since(start))
		}
	}
	for _, doc := range []string{ // what only looks like one
		`{"metadata":{"name":"a","labels":{"commit":"7e12345"},"uid":"12e45678"}}`,
		`{"metadata":{"name":"a","annotations":{"x":"` + strings.Repeat("1", 100) + `"}}}`,
		`{"metadata":{"name":"a"},"spec":{"containers":[{"name":"x","image":"9e99999","resources":{"limits":{"memory":"1e3"}}}]}}`,
	} {
		if names, out := podNames(strings.NewReader(doc)); len(names) != 1 || out.Broken != 0 {
			t.Errorf("%s is refused: %+v", doc, out)
		}
	}
}
