package grounding

import "testing"

func TestLooksLikeName(t *testing.T) {
	for text, want := range map[string]bool{
		"gateway": false, "Gateway": false, "backup-agent": true, "order-service": true, "gateway-zxthbd6kg": true, "edge46f": true,
		"session.(*Store).Put": true, "Store.Put": true, "loadCatalog": true, "GATEWAY_CACHE": true, "/var/lib": true, "a/b-c": true,
		"short-lived": false, "memory-backed": false, "well-known": false, "garbage-collected": false, "50-minute": false, "per-request": false,
		"in-memory": false, "stop-gap": false, "used/limit": false, "OOM": false, "READY": false, "don't": false, "-Xmx512m": true,
		"name…": true, "two-thirds": false, "non-leaking": false, "pod-level": false,
	} {
		if got := looksLikeName(text); got != want {
			t.Errorf("looksLikeName(%q) = %v", text, got)
		}
	}
}

func TestNameHeld(t *testing.T) {
	corpus := nameCorpus(`pod "ads/gateway-zxthbd6kg-tcr7d" on ip-10-0-3-186: "session.(*Store).Put" of registry.example/gateway:2.4.8 (-Xmx512m), ` +
		`container 94eda3481d19 /kubepods/pod9928d1ec kernel/ip-10-0-3-186.log:71-130 10.1.0.116:8080/healthz`)
	for name, want := range map[string]bool{
		"gateway-zxthbd6kg-tcr7d": true, "gateway-zxthbd6kg": true, "ads/gateway-zxthbd6kg-tcr7d": true, "gateway-zxthb…": true, "…tcr7d": true,
		"pod/gateway-zxthbd6kg-tcr7d": true, "deployment/gateway": true, "gateway-tcr7d": false, "gateway-zxthb": false, "ads/checkout": false,
		"shop/gateway": false, "session.(*Store).Put": true, "Store.Put": true, "(*Store).Put": true, "Put()": true, "session.Store.Put": true,
		"session.(*Store).Get": false, "store.(*Session).Put": false, "gateway:2.4.8": true, "gateway:2.4.9": false, "94eda3": true, "94eda4": false,
		"94ed": false, "94eda3481d19ff": false, "-Xmx512m": true, "-Xmx513m": false, "/healthz": true, "/readyz": false, "10.1.0.116": true,
		"10.1.0.117": false, "gateway-specific": true, "checkout-specific": false, "kernel/ip-10-0-3-186.log": true, "gateways": true,
		"ip-10-0-3-18": false,
	} {
		if got := nameHeld(corpus, name); got != want {
			t.Errorf("nameHeld(%q) = %v", name, got)
		}
	}
}

func TestPlacedNames(t *testing.T) {
	for text, want := range map[string]string{
		"The checkout pod leaks":                 "name checkout",
		"the affected pod of the same node":      "",
		"a second pod and its own container":     "",
		"in namespace payments":                  "name payments",
		"Container redis was killed":             "name redis",
		"Container memory grew, Pod restarts":    "",
		"Pod needs more, Node pressure was high": "",
		"on node pressure, of container memory":  "",
		"killed container app":                   "",
		"the billing service and the sidecar":    "name billing",
		"it is `checkout` and \"leaking\"":       "name checkout",
	} {
		if got := found(text); got != want {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
}

func TestVersionHeld(t *testing.T) {
	corpus := `kernel "6.1.0-28-amd64", kubelet "v1.34.1+k3s1", gateway:2.4.8, sha256:ab12cd`
	for version, want := range map[string]bool{
		"6.1.0-28-amd64": true, "6.1": true, "6.1.0": true, "6.10": false, "1.34.1": true, "v1.34": true, "V1.34.1": true, "2.4.8": true,
		"v2.4.8": true, "2.4": true, "4.8": false, "2.4.80": false, "12.4.8": false, "sha256:ab12…": true, "sha256:ab13…": false, "": false,
	} {
		if got := versionHeld(corpus, version); got != want {
			t.Errorf("versionHeld(%q) = %v", version, got)
		}
	}
}
