package grounding

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseNumeral(t *testing.T) {
	for text, want := range map[string]string{
		"740":           "[740] step [1] \"\"",
		"1.57GiB":       "[1.57] step [0.01] \"GiB\"",
		"1,57":          "[1.57] step [0.01] \"\"",
		"1,910":         "[1910 1.91] step [1 0.001] \"\"",
		"1,073,741,824": "[1.073741824e+09] step [1] \"\"",
		"1,073,741.5":   "[1.0737415e+06] step [0.1] \"\"",
		"1.073.741.824": "[1.073741824e+09] step [1] \"\"",
		"2_147_483_648": "[2.147483648e+09] step [1] \"\"",
		"1'910":         "[1910] step [1] \"\"",
		"2.1e9":         "[2.1e+09] step [1e+08] \"\"",
		"-0.04":         "[0.04] step [0.01] \"\"",
		"+922":          "[922] step [1] \"\"",
		".5":            "[0.5] step [0.1] \"\"",
		"0x1f":          "[31] step [1] \"\"",
		"50-minute":     "[50] step [1] \"-minute\"",
		"2.4.8":         "none",
		"10.1.0.116":    "none",
		"a1":            "none",
		"":              "none",
		"--1":           "[1] step [1] \"\"",
		"---1":          "none",
		"1,2,3":         "none",
		"2e99":          "[2] step [1] \"e99\"",
		"1_5":           "none",
		"9999999999999999999999999999999999999999999": "none",
	} {
		got := "none"
		if n, ok := parseNumeral(text); ok {
			got = fmt.Sprintf("%v step %v %q", n.values, n.steps, n.rest)
		}
		if got != want {
			t.Errorf("parseNumeral(%q) = %s, want %s", text, got, want)
		}
	}
}

// found renders the literals of a text, one a line: what is written, its kind, and the first reading.
func found(text string) string {
	var all []string
	for _, lit := range scanText(text, nil) {
		s := string(lit.kind) + " " + lit.text
		for _, r := range lit.readings {
			s += fmt.Sprintf(" | %g %s", r.value, r.dim)
		}
		if lit.bound != exactly {
			s += " " + map[bound]string{about: "about", over: "over", under: "under"}[lit.bound]
		}
		if lit.role != "" {
			s += " role " + lit.role
		}
		if lit.ordinal {
			s += " ordinal"
		}
		all = append(all, s)
	}
	return strings.Join(all, "\n")
}

func TestScan(t *testing.T) {
	for text, want := range map[string]string{
		"nothing at all, for once, and one of a kind": "",
		"about 1.5 GiB":                "number 1.5 GiB | 1.610612736e+09 bytes about",
		"more than 700 MiB":            "number 700 MiB | 7.340032e+08 bytes over",
		"just under 2Gi":               "number 2Gi | 2.147483648e+09 bytes under",
		"700+ MiB":                     "number 700+ MiB | 7.340032e+08 bytes over",
		"1 073 741 824 bytes":          "number 1 073 741 824 bytes | 1.073741824e+09 bytes",
		"five hundred megabytes":       "number five hundred megabytes | 5.24288e+08 bytes | 5e+08 bytes",
		"half a gigabyte":              "number half a gigabyte | 5.36870912e+08 bytes | 5e+08 bytes",
		"3600 MiB per hour":            "number 3600 MiB per hour | 1.048576e+06 bytes per second",
		"60 MiB/min":                   "number 60 MiB/min | 1.048576e+06 bytes per second",
		"24 req/s, 24 rps":             "number 24 req/s | 24 requests per second\nnumber 24 rps | 24 requests per second",
		"120 requests a minute":        "number 120 requests a minute | 2 requests per second",
		"96 % or 96 per cent":          "number 96 % | 0.96 share\nnumber 96 per cent | 0.96 share",
		"2.5x":                         "number 2.5x | 2.5 factor",
		"doubled":                      "number doubled | 2 factor",
		"an order of magnitude":        "number order of magnitude | 10 factor | 0.1 factor about",
		"two thirds of it":             "number two thirds | 0.6666666666666666 share | 0.6666666666666666 factor",
		"49 min 7 s":                   "number 49 min 7 s | 2947 seconds",
		"49m55s":                       "number 49m55s | 2995 seconds",
		"two hours and ten minutes":    "number two hours and ten minutes | 7800 seconds",
		"three quarters of an hour":    "number three quarters of an hour | 2700 seconds",
		"an hour and a half":           "number an hour and a half | 5400 seconds",
		"38 and a half minutes":        "number 38 and a half minutes | 2310 seconds",
		"740-1910 KiB":                 "number 740-1910 KiB | 757760 bytes\nnumber 740-1910 KiB | 1.95584e+06 bytes",
		"from 1 to 2 KiB":              "number 1 | 1 count | 1024 bytes\nnumber 2 KiB | 2048 bytes",
		"30 of 64 KiB":                 "number 30 | 30 count | 30720 bytes\nnumber 64 KiB | 65536 bytes",
		"revisions 18 and 19":          "number 18 | 18 count role revision\nnumber 19 | 19 count role revision",
		"r19, #19, rev. 19":            "number r19 | 19 count role revision\nnumber #19 | 19 count role revision\nnumber 19 | 19 count role revision",
		"pid 12 and exit code 137":     "number 12 | 12 count role pid\nnumber 137 | 137 count role exit",
		"killed by signal 9":           "number 9 | 9 count role signal",
		"the third restart":            "number third restart | 3 count ordinal",
		"the 3rd restart":              "number 3rd | 3 count ordinal",
		"step 2 of the plan, option 1": "",
		"three lives, two reasons":     "number three | 3 count",
		"a dozen pods":                 "number a dozen | 12 count",
		"2.4.7 -> v2.4.8":              "version 2.4.7\nversion v2.4.8",
		"kernel 6.1, Go 1.22":          "version 6.1\nversion 1.22",
		"at 12:08 on April 15":         "time 12:08 on April 15",
		"2/3":                          "number 2/3 | 0.6666666666666666 share about",
		"３½ KiB":                       "number 3.5 KiB | 3584 bytes",
		"1\u200b024 B":                 "number 1024 B | 1024 bytes",
	} {
		if diff := cmp.Diff(want, found(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
