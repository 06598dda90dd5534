package cluster_test

import (
	"encoding/json"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/e2e/cluster"
)

// TestLoadScale makes a small and a large cluster, in which what an investigation looks at is alike.
func TestLoadScale(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	at := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	var namespaces, nodes []int
	for _, size := range []cluster.Scale{{Nodes: 2, Pods: 50, At: at}, {Nodes: 200, Pods: 5000, At: at}} {
		server.Reset(t)
		began := time.Now()
		made := server.LoadScale(t, size)
		t.Logf("%d objects of %d bytes stored in %s", made.Objects, made.Bytes, time.Since(began))
		c := server.Client().CoreV1()
		inNamespace, err := c.Pods(made.Namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(inNamespace.Items) != 20 {
			t.Fatalf("%d pods in the namespace, %v, want 20", len(inNamespace.Items), err)
		}
		onNode, err := c.Pods("").List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=" + made.Node, ResourceVersion: "0"})
		if err != nil || len(onNode.Items) != 25 {
			t.Fatalf("%d pods on the node, %v, want 25", len(onNode.Items), err)
		}
		all, err := c.Pods("").List(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
		if err != nil || len(all.Items) != size.Pods {
			t.Errorf("%d pods, %v, want %d", len(all.Items), err, size.Pods)
		}
		pod, err := c.Pods(made.Namespace).Get(t.Context(), made.Pod, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if s := pod.Status.ContainerStatuses[0]; s.Name != made.Container || s.LastTerminationState.Terminated == nil ||
			!s.LastTerminationState.Terminated.FinishedAt.Time.Equal(at) || pod.Spec.NodeName != made.Node {
			t.Errorf("the pod was not killed as it should be: %+v on %s", s, pod.Spec.NodeName)
		}
		for _, p := range inNamespace.Items {
			if n := jsonSize(t, p); n < 4000 || n > 12000 {
				t.Errorf("a pod is %d bytes", n)
			}
		}
		namespaces, nodes = append(namespaces, jsonSize(t, inNamespace.Items)), append(nodes, jsonSize(t, onNode.Items))
	}
	for what, n := range map[string][]int{"namespace": namespaces, "node": nodes} {
		if diff := float64(n[1]-n[0]) / float64(n[0]); diff > 0.02 || diff < -0.02 {
			t.Errorf("the pods of the %s are %d bytes in the small cluster and %d in the large one", what, n[0], n[1])
		}
	}
}

func jsonSize(t *testing.T, v any) int {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return len(data)
}
