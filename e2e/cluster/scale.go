package cluster

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// perNamespace, perDeployment and revisions are how many pods, pods and ReplicaSets there are of each.
	perNamespace, perDeployment, revisions = 20, 4, 3
	// eventsPerPod are those of its start.
	eventsPerPod = 2
)

// Scale is a cluster of some size around one incident, which is the same in a cluster of any size: a pod that was killed,
// in a namespace of 20 pods of five Deployments. Where Nodes is a 25th of Pods, there are 25 pods on its node.
type Scale struct {
	Nodes, Pods int
	// At is when the container was killed.
	At time.Time
}

// Scaled is what LoadScale made.
type Scaled struct {
	// Namespace, Pod, Container, Deployment and Node are those of the container that was killed.
	Namespace, Pod, Container, Deployment, Node string
	// Objects and Bytes are how much was stored.
	Objects int
	Bytes   int64
}

// LoadScale stores a cluster of that size: nodes, namespaces, Deployments with their ReplicaSets, pods and their events,
// each of the size that it has in production, managed fields included.
func (s *APIServer) LoadScale(t testing.TB, size Scale) Scaled {
	t.Helper()
	if size.Nodes < 1 || size.Pods < perNamespace || size.At.IsZero() {
		t.Fatalf("a cluster of %+v: it takes a node, %d pods and a time", size, perNamespace)
	}
	b := &builder{size: size, writes: map[string]write{}, fields: map[string][]metav1.ManagedFieldsEntry{}}
	for i := range size.Nodes {
		b.keep(t, "nodes", b.nodeObject(i))
	}
	for i := range size.Pods {
		if i%perNamespace == 0 {
			b.keep(t, "namespaces", b.namespaceObject(i/perNamespace))
		}
		if i%perDeployment == 0 {
			d := i / perDeployment
			b.keep(t, "deployments", b.deploymentObject(d))
			for revision := 1; revision <= revisions; revision++ {
				b.keep(t, "replicasets", b.replicaSetObject(d, revision))
			}
		}
		b.keep(t, "pods", b.podObject(i))
		for n := range eventsPerPod {
			b.keep(t, "events", b.eventObject(i, n))
		}
	}
	if err := s.write(t.Context(), b.writes); err != nil {
		t.Fatal(err)
	}
	out := Scaled{
		Namespace: namespaceName(0), Pod: podName(0), Container: appContainer, Deployment: deploymentName(0), Node: b.nodeOf(0),
		Objects: len(b.writes),
	}
	for _, w := range b.writes {
		out.Bytes += int64(len(w.value))
	}
	return out
}

// builder makes the objects of a [Scale]. All names have the same length in a cluster of any size, so that answers about
// the same number of objects have the same length too.
type builder struct {
	size   Scale
	writes map[string]write
	fields map[string][]metav1.ManagedFieldsEntry // by resource
}

func (b *builder) keep(t testing.TB, plural string, o metav1.Object) {
	t.Helper()
	if b.fields[plural] == nil {
		b.fields[plural] = managedFields(t, plural, o, b.size.At)
	}
	o.SetManagedFields(b.fields[plural])
	value, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	b.writes[resources[plural].key(plural, o.GetNamespace(), o.GetName())] = write{resource: plural, value: value}
}

func (b *builder) nodeOf(pod int) string { return nodeName(pod % b.size.Nodes) }

// ago is a time before the kill.
func (b *builder) ago(d time.Duration) metav1.Time {
	return metav1.NewTime(b.size.At.Add(-d).UTC().Truncate(time.Second))
}

func nodeName(i int) string       { return fmt.Sprintf("ip-10-0-%03d-%03d.internal", i/200, i%200) }
func namespaceName(i int) string  { return fmt.Sprintf("team-%04d", i) }
func deploymentName(i int) string { return fmt.Sprintf("service-%05d", i) }

func replicaSetName(deployment, revision int) string {
	return deploymentName(deployment) + "-" + hash("rs", deployment, revision)[:10]
}

func podName(i int) string {
	return replicaSetName(i/perDeployment, revisions) + "-" + hash("pod", i, 0)[:5]
}

// hash is the same text for the same thing.
func hash(kind string, i, j int) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s/%d/%d", kind, i, j)))
}

func uid(kind string, i, j int) string {
	h := hash(kind, i, j)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:32]
}

// managedFields says that two programs own all the fields of an object, as they do of most: who made it, and who tells
// its status.
func managedFields(t testing.TB, plural string, o metav1.Object, at time.Time) []metav1.ManagedFieldsEntry {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	r := resources[plural]
	version := r.version
	if r.group != "" {
		version = r.group + "/" + r.version
	}
	owned := func(manager, subresource string, parts ...string) metav1.ManagedFieldsEntry {
		some := map[string]any{}
		for _, part := range parts {
			if v, ok := value[part]; ok {
				some[part] = v
			}
		}
		raw, err := json.Marshal(owns(some))
		if err != nil {
			t.Fatal(err)
		}
		when := metav1.NewTime(at.Add(-time.Hour).UTC().Truncate(time.Second))
		return metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: version, Time: &when,
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(string(raw)), Subresource: subresource,
		}
	}
	return []metav1.ManagedFieldsEntry{
		owned("kube-controller-manager", "", "metadata", "spec", "data", "involvedObject", "reason", "message", "source", "type", "count"),
		owned("kubelet", "status", "status"),
	}
}

// owns returns the fields of a value in the notation of FieldsV1.
func owns(value any) map[string]any {
	out := map[string]any{}
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			out["f:"+name] = owns(inner)
		}
	case []any:
		for _, item := range v {
			if m, ok := item.(map[string]any); ok && m["name"] != nil {
				inner := owns(m)
				inner["."] = map[string]any{}
				out[fmt.Sprintf(`k:{"name":%q}`, m["name"])] = inner
			}
		}
	}
	return out
}
