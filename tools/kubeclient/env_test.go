package kubeclient

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestSafeValue(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"JAVA_TOOL_OPTIONS", "-Xmx384m -XX:MaxMetaspaceSize=96m", "-Xmx384m -XX:MaxMetaspaceSize=96m"},
		{"_JAVA_OPTIONS", "-Xmx1g", "-Xmx1g"},
		{"JDK_JAVA_OPTIONS", "-XX:MaxRAMPercentage=75", "-XX:MaxRAMPercentage=75"},
		{"JAVA_OPTS", "-Xmx1g -Djavax.net.ssl.keyStorePassword=hunter2", "-Xmx1g -Djavax.net.ssl.keyStorePassword=***"},
		{"CATALINA_OPTS", "-Xmx1g -Ddb=jdbc://user:pw@db/x", "-Xmx1g ***"},
		{"APP_ARGS", "--password hunter2 --heap 1g", "--password *** --heap 1g"},
		{"ES_JAVA_OPTS", "-Xms1g -Xmx1g", "-Xms1g -Xmx1g"},
		{"KAFKA_HEAP_OPTS", "-Xmx4G", "-Xmx4G"},
		{"NODE_OPTIONS", "--max-old-space-size=460", "--max-old-space-size=460"},
		{"GOMEMLIMIT", "450MiB", "450MiB"},
		{"GOMEMLIMIT", "off", "off"},
		{"GOGC", "100", "100"},
		{"MALLOC_ARENA_MAX", "2", "2"},
		{"MALLOC_CONF", "dirty_decay_ms:1000", "dirty_decay_ms:1000"},
		{"LD_PRELOAD", "/usr/lib/libjemalloc.so.2", "/usr/lib/libjemalloc.so.2"},
		{"DOTNET_GCHeapHardLimit", "1F400000", "1F400000"},
		{"DOTNET_GCHeapHardLimitPercent", "0x4B", "0x4B"},
		{"COMPlus_GCHeapHardLimit", "C8000000", "C8000000"},
		{"PYTHONMALLOC", "malloc", "malloc"},
		{"MAX_HEAP_SIZE", "8G", "8G"},
		{"WEB_CONCURRENCY", "8", "8"},
		{"PUMA_WORKERS", "4", "4"},
		{"GUNICORN_CMD_ARGS", "--workers=8", "--workers=8"},
		{"redis.cache.size", "100mb", "100mb"},
		{"PHP_MEMORY_LIMIT", "256M", "256M"},
		{"JAVA_MAX_RAM_PERCENTAGE", "75.0", "75.0"},
		{"MEM_LIMIT", "$(LIMIT)", "$(LIMIT)"},
		{"CACHE_ENABLED", "true", "true"},
		{"cache.maxSize", "500MB", "500MB"},

		{"MEMORY_DB_URL", "postgres://user:hunter2@db/x", ""}, // fits by its name, not by its value
		{"CACHE_HOST", "redis.shop.svc", ""},
		{"CACHE_PASSWORD", "1234", ""},
		{"TOKEN_CACHE_SIZE", "1000", ""},
		{"DB_PASSWORD", "hunter2", ""},
		{"API_KEY", "12", ""},
		{"cacheApiKey", "12", ""},
		{"MEMCACHED_AUTH", "1", ""},
		{"REGION", "eu-west-1", ""},
		{"GREETING", "-Xmx1g", ""},
		{"JAVA_OPTS", strings.Repeat("x", maxValue+1), ""},
		{"JAVA_OPTS", "", ""},
	}
	for _, test := range tests {
		if got := safeValue(classify(test.name), test.value); got != test.want {
			t.Errorf("%s=%.60s: %q, want %q", test.name, test.value, got, test.want)
		}
	}
}

func TestEnv(t *testing.T) {
	const doc = `{"metadata":{"name":"a"},"spec":{"containers":[
	  {"name":"app","image":"app:1","command":["java"],"args":["$(JAVA_OPTS)","-Dx=$(SECRET)","$$(JAVA_OPTS)","$(UNKNOWN)","$"],
	   "resources":{"limits":{"memory":"512Mi"},"requests":{"memory":"100Mi"}},
	   "env":[
	    {"name":"LIMIT_MB","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}},
	    {"name":"GOMEMLIMIT","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"0"}}},
	    {"name":"REQUEST_GI","valueFrom":{"resourceFieldRef":{"resource":"requests.memory","divisor":"1Gi"}}},
	    {"name":"OTHER_LIMIT","valueFrom":{"resourceFieldRef":{"containerName":"side","resource":"limits.memory"}}},
	    {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},
	    {"name":"JAVA_OPTS","value":"-Xmx$(LIMIT_MB)m"},
	    {"name":"SECRET","value":"hunter2"},
	    {"name":"EMPTY"},
	    {"name":"FROM_SECRET","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}},
	    {"name":"POD","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
	    {"name":"HEAP","valueFrom":{"configMapKeyRef":{"name":"cfg","key":"heap"}}}],
	   "envFrom":[{"secretRef":{"name":"s"}},{"configMapRef":{"name":"cfg"}}]},
	  {"name":"side","image":"side:1"}]}}`
	got := decodePod(t, doc).Containers[0]
	want := []investigations.EnvVar{
		{Name: "LIMIT_MB", Value: "512"},
		{Name: "GOMEMLIMIT", Value: "536870912"},
		{Name: "REQUEST_GI", Value: "1"}, // rounded up
		{Name: "OTHER_LIMIT", Opaque: true},
		{Name: "CPU", Opaque: true},
		{Name: "JAVA_OPTS", Value: "-Xmx512m", Digest: digest("-Xmx$(LIMIT_MB)m")},
		{Name: "SECRET", Digest: digest("hunter2")},
		{Name: "EMPTY"},
		{Name: "FROM_SECRET", Opaque: true},
		{Name: "POD", Opaque: true},
		{Name: "HEAP", ConfigMap: "cfg", Key: "heap"},
	}
	if diff := cmp.Diff(want, got.Env); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"-Xmx512m", "-Dx=$(SECRET)", "$$(JAVA_OPTS)", "$(UNKNOWN)", "$"}, got.Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"cfg"}, got.EnvFromConfigMaps); diff != "" {
		t.Errorf("ConfigMaps taken in whole (-want +got):\n%s", diff)
	}
}

func TestSafeArgs(t *testing.T) {
	tests := []struct{ args, want []string }{
		{[]string{"-Xmx1g", "--listen=:80", "-c", "echo a   b"}, []string{"-Xmx1g", "--listen=:80", "-c", "echo a   b"}},
		{[]string{"--db-password=hunter2", "--password", "hunter2", "x"}, []string{"--db-password=***", "--password", "***", "x"}},
		{[]string{"--password", "--verbose"}, []string{"--password", "--verbose"}},
		{[]string{"redis://u:p@h/1"}, []string{"***"}},
		{[]string{"-c", "export TOKEN=abc; java -Xmx1g"}, []string{"-c", "export TOKEN=*** java -Xmx1g"}},
		{[]string{"-H", "Authorization: Bearer abcdef0123456789"}, []string{"-H", "Authorization: *** [redacted]"}},
		{[]string{"sh", "-c", "curl -H 'Authorization: Bearer abcdef0123456789' http://up:80"}, []string{"sh", "-c", "curl -H 'Authorization: *** [redacted]' http://up:80"}},
		{nil, nil},
	}
	for _, test := range tests {
		in := slices.Clone(test.args)
		if diff := cmp.Diff(test.want, safeArgs(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.args, diff)
		}
		if diff := cmp.Diff(test.args, in); diff != "" {
			t.Errorf("%q is changed (-want +got):\n%s", test.args, diff)
		}
	}
}

func TestExpandIsBounded(t *testing.T) {
	known := map[string]string{"A": strings.Repeat("x", 1500)}
	if got := expand(strings.Repeat("$(A)", 1000), known); len(got) > maxValue+4*1000 {
		t.Errorf("%d bytes", len(got))
	}
	if a, b := digest("a"), digest("b"); a == b || len(a) != 8 {
		t.Errorf("digests %q and %q", a, b)
	}
}
