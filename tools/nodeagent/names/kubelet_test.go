package names

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// kubelet stands in for one: GET /pods, with a token, by HTTPS with a certificate that nobody knows.
type kubelet struct {
	mu     sync.Mutex
	pods   []testPod
	status int
	tokens []string
}

// ServeHTTP answers as a kubelet does: its list has no version.
func (k *kubelet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tokens = append(k.tokens, r.Header.Get("Authorization"))
	if r.URL.String() != "/pods" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if k.status != 0 {
		w.WriteHeader(k.status)
		fmt.Fprint(w, "Forbidden (user=system:serviceaccount:oombot:agent, verb=get, resource=nodes, subresource(s)=[pods proxy])")
		return
	}
	var list []string
	for _, p := range k.pods {
		list = append(list, p.json())
	}
	fmt.Fprintf(w, `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[%s]}`, strings.Join(list, ","))
}

func TestKubelet(t *testing.T) {
	k := &kubelet{status: http.StatusForbidden}
	srv := httptest.NewTLSServer(k)
	defer srv.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var told []investigations.UserKill
	n := start(t, Options{
		Source: SourceKubelet, KubeletURL: srv.URL, KubeletInsecure: true, TokenFile: token,
		OnEviction: func(k investigations.UserKill) { mu.Lock(); defer mu.Unlock(); told = append(told, k) },
	})
	eventually(t, "the fault", func() bool {
		f := n.Faults()
		return len(f) == 1 && strings.Contains(f[0], "nodes/pods")
	})
	if err := os.WriteFile(token, []byte("second\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	k.status = 0
	static := testPod{uid: hash, name: "etcd-n1", ids: map[string]string{"etcd": "c0"}, annotations: map[string]string{hashAnnotation: hash}}
	k.pods = []testPod{{uid: "u1", name: "one", ids: map[string]string{"app": "c1"}}, static}
	k.mu.Unlock()
	// Asking for an unknown pod is a reason to poll earlier.
	if p, ok := n.Wait(t.Context(), "u1"); !ok || p.Containers[0].ID != "c1" {
		t.Errorf("the pod is %+v, %t", p, ok)
	}
	eventually(t, "the static pod", n.knows(hash, "c0", "shop/etcd-n1/etcd"))
	k.mu.Lock()
	if first, last := k.tokens[0], k.tokens[len(k.tokens)-1]; first != "Bearer first" || last != "Bearer second" {
		t.Errorf("the tokens are %q", k.tokens)
	}
	k.pods = k.pods[1:]
	k.mu.Unlock()
	n.Name("u2", "")
	eventually(t, "the end of a pod", func() bool { return n.Stats().Gone == 1 })
	if f := n.Faults(); f != nil || !n.knows("u1", "c1", "shop/one/app")() {
		t.Errorf("faults: %q", f)
	}
}

// TestKubeletCertificate fails where the token goes to somebody who can't prove that he is the kubelet.
func TestKubeletCertificate(t *testing.T) {
	k := &kubelet{}
	srv := httptest.NewUnstartedServer(k)
	srv.Config.ErrorLog = discard
	srv.StartTLS()
	defer srv.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := start(t, Options{Source: SourceKubelet, KubeletURL: srv.URL, TokenFile: token})
	eventually(t, "the fault", func() bool {
		f := n.Faults()
		return len(f) == 1 && strings.Contains(f[0], "certificate")
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.tokens) > 0 {
		t.Errorf("the token was sent: %q", k.tokens)
	}
}
