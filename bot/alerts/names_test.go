package alerts

import (
	"strings"
	"testing"

	"github.com/oombot/oombot/bot"
)

func TestWorkloadGuess(t *testing.T) {
	for pod, want := range map[string]string{
		"checkout-7c9d8f6b5-x2x4p":       "checkout",
		"checkout-v2-5d8f4c7b6d-abcde":   "checkout-v2", // a and e are not in the alphabet
		"a-production-abcde":             "a-production-abcde",
		"checkout-v2-5d8f4c7b6d-kbcdf":   "checkout-v2",
		"api-2-7c9d8f6b5-x2x4p":          "api-2",
		"web-6d4b75cb6d-hx9fk":           "web",
		"web-6d4b7c-hx9fk":               "web", // a short template hash
		"hx7kqz9b-zzkqw":                 "hx7kqz9b",
		"backup-29550001-x2x4p":          "backup",
		"backup-1772590620-x2x4p":        "backup",
		"db-0":                           "db",
		"db-12":                          "db",
		"redis-6379":                     "redis-6379",
		"db-007":                         "db-007",
		"fluent-bit-x2x4p":               "fluent-bit",
		"proxy-https":                    "proxy-https",
		"store-mssql":                    "store-mssql",
		"checkout":                       "checkout",
		"my-service":                     "my-service",
		"":                               "",
		"-":                              "-",
		"checkout-7c9d8f6b5-x2x4p-debug": "checkout-7c9d8f6b5-x2x4p-debug",
		"ip-10-0-1-2.ec2.internal":       "ip-10-0-1-2.ec2.internal",
		strings.Repeat("a", 48) + "-7c9d8f6b5" + "x2x4p": strings.Repeat("a", 48),
		strings.Repeat("a", 51) + "-7c9d8f" + "x2x4p":    strings.Repeat("a", 51),
	} {
		if got := WorkloadGuess(pod); got != want {
			t.Errorf("WorkloadGuess(%s) = %s, want %s", pod, got, want)
		}
	}
}

func TestIsSubdomain(t *testing.T) {
	for _, s := range []string{"a", "shop", "ip-10-0-1-2.ec2.internal", "0", strings.Repeat("a", 253)} {
		if !isSubdomain(s) {
			t.Errorf("%s is a name", s)
		}
	}
	for _, s := range []string{
		"", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a-.b", "A", "a_b", "a b", "a/b", "ä", "a\x00", "../a", "<!channel>", strings.Repeat("a", 254),
	} {
		if isSubdomain(s) {
			t.Errorf("%q is no name", s)
		}
	}
	if isLabel("a.b") || isLabel(strings.Repeat("a", 64)) || !isLabel("a-b") {
		t.Error("a label has no dots and at most 63 bytes")
	}
}

func TestIsAboutMemory(t *testing.T) {
	for _, s := range []string{
		"KubeContainerOOMKilled", "KubernetesContainerOomKiller", "PodOOMKilled", "container_oomkilled", "containeroomkilled", "OOM", "out of memory",
		"KubePodCrashLooping", "CrashLoopBackOff", "pod restarted 3 times", "PodEvicted", "exit code 137", "HighMemoryUsage", "NodeMemoryPressure", "killed by SIGKILL",
	} {
		if !isAboutMemory(s) {
			t.Errorf("%q is about memory", s)
		}
	}
	for _, s := range []string{"", "HighCPU", "ChatRoomsDown", "bloom filter is full", "mushroom", "DiskFull", "port 1370", "member left", "skill"} {
		if isAboutMemory(s) {
			t.Errorf("%q is not about memory", s)
		}
	}
}

func TestMute(t *testing.T) {
	pod := target{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p"}
	tests := []struct {
		name  string
		globs []string
		alert bot.Alert
		want  string
	}{
		{"by rule", []string{"Other", "KubePod*"}, bot.Alert{Name: "KubePodCrashLooping", Targets: []target{pod}}, "KubePod*"},
		{"by the pod's workload", []string{"shop/checkout"}, bot.Alert{Targets: []target{pod}}, "shop/checkout"},
		{"by namespace", []string{"shop/*"}, bot.Alert{Targets: []target{pod}}, "shop/*"},
		{"by kind", []string{"shop/deploy/check*"}, bot.Alert{Targets: []target{{Namespace: "shop", Workload: "deployment/checkout"}}}, "shop/deploy/check*"},
		{"a workload of any kind", []string{"shop/checkout"}, bot.Alert{Targets: []target{{Namespace: "shop", Workload: "deployment/checkout"}, {Node: "n1"}}}, "shop/checkout"},
		{"another namespace", []string{"pay/*"}, bot.Alert{Name: "pay", Targets: []target{pod}}, ""},
		{"only one of two", []string{"shop/checkout"}, bot.Alert{Targets: []target{pod, {Namespace: "shop", Pod: "cart-0"}}}, ""},
		{"a name is not a workload", []string{"checkout"}, bot.Alert{Targets: []target{pod}}, ""},
		{"no name", []string{"*"}, bot.Alert{}, ""},
		{"no namespace", []string{"*/*"}, bot.Alert{Targets: []target{{Pod: "checkout-0"}}}, ""},
		{"malformed", []string{"shop/[", "[", "[a/b]"}, bot.Alert{Name: "[", Targets: []target{pod}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, muted := Mute(tt.globs, tt.alert)
			if got != tt.want || muted != (tt.want != "") {
				t.Errorf("Mute = %q, %t; want %q", got, muted, tt.want)
			}
		})
	}
}
