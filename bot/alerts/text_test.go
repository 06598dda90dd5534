package alerts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const checkoutPod = "checkout-7c9d8f6b5-x2x4p"

func TestTargetsOfTexts(t *testing.T) {
	full := target{Namespace: "shop", Pod: checkoutPod, Container: "checkout"}
	bare := target{Namespace: "shop", Pod: checkoutPod}
	workload := target{Namespace: "shop", Workload: "deployment/checkout"}
	tests := []struct {
		name, text string
		want       []target
	}{
		{"nothing", "all is well", nil},
		{"signs", "namespace=shop pod=" + checkoutPod + " container=checkout", []target{full}},
		{"quoted signs", `{namespace="shop", pod="` + checkoutPod + `", container="checkout"}`, []target{full}},
		{"JSON", `{"namespace":"shop","pod":"` + checkoutPod + `","container":"checkout"}`, []target{full}},
		{"escaped JSON", `"{\"namespace\":\"shop\",\"pod\":\"` + checkoutPod + `\"}"`, []target{bare}},
		{"colons and marks", "*Namespace:* `shop`\n• *Pod:* _" + checkoutPod + "_\n*Container:* `checkout`", []target{full}},
		{"fields", "Namespace\nshop\nPod name\n" + checkoutPod + "\nContainer\ncheckout", []target{full}},
		{"fields with colons", "*Namespace:*\nshop\n*Pod:*\n" + checkoutPod, []target{bare}},
		{"an empty field", "Namespace:\nPod: " + checkoutPod + "\nin namespace shop", []target{bare}},
		{
			"kube-state-metrics tells of another", `namespace="monitoring" pod="kube-state-metrics-5d8f4c7b6d-kbcdf" container="kube-state-metrics" ` +
				`exported_namespace="shop" exported_pod="` + checkoutPod + `" exported_container="checkout"`,
			[]target{full},
		},
		{"Datadog's tags", "kube_namespace:shop, pod_name:" + checkoutPod + ", kube_container_name:checkout, kube_deployment:checkout", []target{full, workload}},
		{"OpenTelemetry", "k8s.namespace.name: shop\nk8s.pod.name: " + checkoutPod, []target{bare}},
		{"slash", "OOM in shop/" + checkoutPod + ".", []target{bare}},
		{"slash and colon", "shop/" + checkoutPod + ":checkout was killed", []target{full}},
		{"slash and brackets", "Pod shop/" + checkoutPod + " (checkout) is in waiting state", []target{full}},
		{"three parts", "shop/" + checkoutPod + "/checkout", []target{full}},
		{"kind in between", "look at shop/deploy/checkout", []target{workload}},
		{"kind first", "deployment/checkout in namespace shop", []target{workload}},
		{"kind first, then namespace", "deployment/shop/checkout", []target{workload}},
		{"Kind first", "Pod/" + checkoutPod + " in the shop namespace", []target{bare}},
		{"a plain pair", "memory of shop/checkout", []target{{Namespace: "shop", Workload: "checkout"}}},
		{"a pod without a made up name", "Pod shop/checkout restarted", []target{{Namespace: "shop", Pod: "checkout"}}},
		{"a sentence", "Pod " + checkoutPod + " in namespace shop OOMKilled results", []target{bare}},
		{"a sentence with a plain name", "Container checkout in pod " + checkoutPod + " (namespace shop) exceeded its limit", []target{full}},
		{"a plain pod", "Pod checkout was killed.", []target{{Pod: "checkout"}}},
		{"English", "The container runtime of pod memory, node pressure and namespace quota is bad. Pod is killed.", nil},
		{"a node", "memory pressure on node ip-10-0-1-2.ec2.internal", []target{{Node: "ip-10-0-1-2.ec2.internal"}}},
		{"a pod alone", "restarts of " + checkoutPod + " go up", []target{{Pod: checkoutPod}}},
		{
			"two lists", "Labels:\n - alertname = A\n - container = checkout\n - namespace = shop\n - pod = " + checkoutPod + "\nSource: http://p/x\n" +
				"Labels:\n - alertname = A\n - container = checkout\n - namespace = shop\n - pod = checkout-7c9d8f6b5-zz9kq\n",
			[]target{full, {Namespace: "shop", Pod: "checkout-7c9d8f6b5-zz9kq", Container: "checkout"}},
		},
		{"one namespace for two pods", "namespace: shop\npod: a-0\npod: b-0", []target{{Namespace: "shop", Pod: "a-0"}, {Namespace: "shop", Pod: "b-0"}}},
		{"two sentences", "pod a-0 in namespace x, pod b-0 in namespace y", []target{{Namespace: "x", Pod: "a-0"}, {Namespace: "y", Pod: "b-0"}}},
		{
			"values only", "[FIRING:2] KubePodCrashLooping prod shop (" + checkoutPod + " critical monitoring/k8s)",
			[]target{bare, {Namespace: "prod", Pod: checkoutPod}, {Pod: checkoutPod}},
		},
		{
			"values only, without a pod", "[FIRING:2] KubePodCrashLooping shop (checkout critical monitoring/k8s)",
			[]target{{Namespace: "shop", Workload: "checkout"}, {Namespace: "checkout", Workload: "shop"}},
		},
		{
			"values only, with a uid", "[FIRING:1] (KubePodCrashLooping shop " + checkoutPod + " critical 5f3c1a52-8a4e-4d0e-9c22-0a3c1f1f8d11)",
			[]target{bare, {Pod: checkoutPod}},
		},
		{"a pod beside its workload", "shop/statefulset/db: pod db-0 was killed", []target{{Namespace: "shop", Pod: "db-0"}, {Namespace: "shop", Workload: "statefulset/db"}}},
		{"an address of a dashboard", "<https://grafana.example/d/x?var-namespace=shop&amp;var-pod=" + checkoutPod + "|panel>", []target{bare}},
		{
			"an address of a silence", "https://am.example/#/silences/new?filter=%7Bnamespace%3D%22shop%22%2C%20pod%3D%22" + checkoutPod + "%22%7D",
			[]target{bare},
		},
		{"what is no name", "prometheus = monitoring/k8s image=team/app:latest ghcr.io/x/y:1.2 24/7 and/or n/a 2026/03/04 apps/v1 /var/lib/x pod=../etc namespace=Shop", nil},
		{"hostile names", "pod=<!channel> namespace=`rm -rf /` container=$(id) pod/`$x` a/b/c/d/e", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Targets(tt.text), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("Targets(%q):\n%s", tt.text, diff)
			}
		})
	}
}

func TestTargetsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "ns%d/pod-%d pod=x-%d ", i, i%900, i%900)
	}
	if got := Targets(b.String()); len(got) != maxTargets {
		t.Errorf("got %d targets, want %d", len(got), maxTargets)
	}
}

func TestTargetsOfLabels(t *testing.T) {
	tests := []struct {
		name   string
		labels labels
		want   []target
	}{
		{"a scrape job and its instance", labels{"namespace": "shop", "job": "kube-state-metrics", "instance": "10.0.0.1:8080"}, nil},
		{"a Job", labels{"namespace": "shop", "job": "kube-state-metrics", "job_name": "backup-29550001"}, []target{{Namespace: "shop", Workload: "job/backup-29550001"}}},
		{"an instance of node-exporter", labels{"job": "node-exporter", "instance": "worker-3:9100"}, []target{{Node: "worker-3"}}},
		{"an instance without a port", labels{"job": "kubelet", "instance": "worker-3"}, []target{{Node: "worker-3"}}},
		{"an address", labels{"job": "node-exporter", "instance": "10.0.0.1:9100"}, nil},
		{"a service", labels{"job": "api", "instance": "api"}, nil},
		{"what the mixin joins", labels{"namespace": "shop", "workload": "checkout", "workload_type": "Deployment"}, []target{{Namespace: "shop", Workload: "deployment/checkout"}}},
		{"a workload of no kind", labels{"namespace": "shop", "workload": "checkout"}, []target{{Namespace: "shop", Workload: "checkout"}}},
		{"an owner that is a team", labels{"namespace": "shop", "owner": "payments"}, nil},
		{"an owner of another kind", labels{"namespace": "shop", "owner_kind": "Node", "owner_name": "n1"}, nil},
		{"a container and no more", labels{"namespace": "shop", "container": "checkout"}, []target{{Namespace: "shop", Workload: "checkout"}}},
		{"a pause container", labels{"namespace": "shop", "pod": "db-0", "container": "POD"}, []target{{Namespace: "shop", Pod: "db-0"}}},
		{"an empty label", labels{"namespace": "shop", "exported_pod": " ", "pod": "db-0"}, []target{{Namespace: "shop", Pod: "db-0"}}},
		{"the app that is kube-state-metrics", labels{"namespace": "monitoring", "app_kubernetes_io_name": "kube-state-metrics"}, nil},
		{"a StatefulSet of Datadog", labels{"kube_namespace": "shop", "kube_stateful_set": "db", "kube_node": "n1"}, []target{{Namespace: "shop", Workload: "statefulset/db"}, {Node: "n1"}}},
		{"a ReplicaSet of a strange name", labels{"namespace": "shop", "replicaset": "checkout"}, []target{{Namespace: "shop", Workload: "checkout"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, unique(tt.labels.targets()), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
