package live

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/names"
)

// startNames reads the pods of a node with a service account's token until the test ends.
func startNames(t *testing.T, s *cluster.APIServer, token string, told func(investigations.UserKill)) *names.Names {
	t.Helper()
	cfg, err := names.Config(s.KubeconfigFor(t, cluster.Access{Token: token}), "")
	if err != nil {
		t.Fatal(err)
	}
	n, err := names.New(names.Options{
		Source: names.SourceAPI, Node: "n1", REST: cfg, OnEviction: told, Annotations: []string{"pyroscope.io/scrape"}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return n
}

// podOn is a pod that the scheduler has put on a node.
func podOn(node, name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "named", Annotations: map[string]string{"pyroscope.io/scrape": "true", "other": "x"}},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
			Name: "app", Image: "registry.example/app:1", Ports: []corev1.ContainerPort{{Name: "pprof", ContainerPort: 6060}},
		}}},
	}
}

// allowPods lets the agent's account list and watch pods, and do nothing else.
func allowPods(t *testing.T, c kubernetes.Interface) {
	t.Helper()
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "oombot-agent"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}}},
	}
	if _, err := c.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "oombot-agent"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "oombot-agent"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "named", Name: "oombot-agent"}},
	}
	if _, err := c.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// wait waits for a condition as long as a busy machine may take.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: never", what)
		}
	}
}

// forbidden has an agent without a role: it says what it lacks.
func forbidden(t *testing.T, s *cluster.APIServer, token string) {
	t.Helper()
	n := startNames(t, s, token, nil)
	wait(t, "a fault", func() bool { return len(n.Faults()) == 1 })
	f := n.Faults()[0]
	for _, want := range []string{"lacks the verb list on pods", "system:serviceaccount:named:oombot-agent"} {
		if !strings.Contains(f, want) {
			t.Errorf("the fault does not tell %q: %s", want, f)
		}
	}
}

// TestNames has pods come, start, be evicted and go, in front of an agent that may list and watch pods and do nothing else.
func TestNames(t *testing.T) {
	s := cluster.StartAPIServer(t, cluster.ServerOptions{})
	token := s.ServiceAccount(t, "named", "oombot-agent")
	t.Run("without a role", func(t *testing.T) { forbidden(t, s, token) })
	c := s.Client()
	allowPods(t, c)
	mark := s.AuditMark(t)
	pods := c.CoreV1().Pods("named")
	create := func(node, name string) *corev1.Pod {
		t.Helper()
		p, err := pods.Create(t.Context(), podOn(node, name), metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	before, elsewhere := create("n1", "before"), create("n2", "elsewhere")
	var mu sync.Mutex
	var told []investigations.UserKill
	n := startNames(t, s, token, func(k investigations.UserKill) { mu.Lock(); defer mu.Unlock(); told = append(told, k) })
	named := func(uid, id, want string) func() bool {
		return func() bool {
			ns, pod, container := n.Name(uid, id)
			return ns+"/"+pod+"/"+container == want
		}
	}
	wait(t, "the first list", named(string(before.UID), "", "named/before/"))
	wait(t, "a watch", func() bool { return n.Stats().Watches > 0 })
	born := time.Now()
	p := create("n1", "after")
	got, ok := n.Wait(t.Context(), string(p.UID))
	if !ok || got.Name != "after" || got.Namespace != "named" {
		t.Errorf("the new pod is %+v, %t", got, ok)
	}
	t.Logf("a new pod is named %s after its creation was asked for", time.Since(born))
	id := strings.Repeat("ab", 32)
	p.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: "10.0.0.7", PodIPs: []corev1.PodIP{{IP: "10.0.0.7"}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: "app", ContainerID: "containerd://" + id, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}},
	}
	p = updateStatus(t, c, p)
	wait(t, "its container", named(string(p.UID), id, "named/after/app"))
	subject, ok := n.Subject(string(p.UID))
	if !ok || subject.IP != "10.0.0.7" || len(subject.Annotations) != 1 || len(subject.Containers) != 1 || subject.Containers[0].Ports["pprof"] != 6060 {
		t.Errorf("the subject is %+v", subject)
	}
	p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "Evicted", "The node was low on resource: memory. Container app was using 1Gi. "
	updateStatus(t, c, p)
	now := int64(0)
	if err := pods.Delete(t.Context(), "after", metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		t.Fatal(err)
	}
	wait(t, "its end", func() bool { return n.Stats().Gone == 1 })
	if !named(string(p.UID), id, "named/after/app")() {
		t.Error("a pod that is gone is not known any more")
	}
	mu.Lock()
	if len(told) != 1 || told[0].PodUID != string(p.UID) || told[0].Killer != investigations.UserKillKubeletEviction {
		t.Errorf("of the eviction is told %+v", told)
	}
	mu.Unlock()
	if !named(string(elsewhere.UID), "", "//")() || n.Faults() != nil {
		t.Errorf("of another node is told, or faults: %q", n.Faults())
	}
	asked := map[string]bool{}
	for _, r := range s.Audit(t, mark) {
		if r.User == "system:serviceaccount:named:oombot-agent" {
			asked[used(r)] = true
		}
	}
	if len(asked) == 0 || len(asked) > 2 || !asked["list pods"] {
		t.Errorf("it asked for %v", asked)
	}
}

func updateStatus(t *testing.T, c kubernetes.Interface, p *corev1.Pod) *corev1.Pod {
	t.Helper()
	out, err := c.CoreV1().Pods(p.Namespace).UpdateStatus(t.Context(), p, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
