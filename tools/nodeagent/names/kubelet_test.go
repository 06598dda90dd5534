package names

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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
	dir := t.TempDir()
	token := filepath.Join(dir, accountToken)
	if err := os.WriteFile(token, []byte("first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var told []investigations.UserKill
	n := start(t, Options{
		Source: SourceKubelet, KubeletURL: srv.URL, KubeletInsecure: true, account: dir,
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

// certificates writes what a file of authorities holds.
func certificates(der ...[]byte) []byte {
	var out []byte
	for _, d := range der {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d})...)
	}
	return out
}

// TestKubeletCertificate says by which authority the kubelet is known, and fails where the token goes to somebody who can't
// prove that he is the kubelet.
func TestKubeletCertificate(t *testing.T) {
	k := &kubelet{pods: []testPod{{uid: "u1", name: "one", ids: map[string]string{"app": "c1"}}}}
	srv := httptest.NewUnstartedServer(k)
	srv.Config.ErrorLog = discard
	srv.StartTLS()
	defer srv.Close()
	right, wrong := certificates(srv.Certificate().Raw), certificates(strangers(t))
	for name, tt := range map[string]struct {
		account, file []byte
		insecure      bool
		fault         string
	}{
		"nobody's":                        {fault: "agent.kubelet_ca_file"},
		"the cluster's":                   {account: right},
		"the cluster's, of another":       {account: wrong, fault: "agent.kubelet_insecure"},
		"its own":                         {account: wrong, file: right},
		"its own, of another":             {account: right, file: wrong, fault: "agent.kubelet_ca_file"},
		"not checked":                     {account: wrong, insecure: true},
		"not checked, by what is no file": {account: []byte("none"), insecure: true},
	} {
		t.Run(name, func(t *testing.T) {
			k.mu.Lock()
			k.tokens = nil
			k.mu.Unlock()
			o := Options{
				Source: SourceKubelet, KubeletURL: srv.URL, KubeletInsecure: tt.insecure, account: t.TempDir(),
				Token: func() (string, error) { return "hunter2", nil },
			}
			if tt.account != nil {
				write(t, filepath.Join(o.account, accountCA), tt.account)
			}
			if tt.file != nil {
				o.CAFile = filepath.Join(t.TempDir(), "ca.crt")
				write(t, o.CAFile, tt.file)
			}
			n := start(t, o)
			if tt.fault == "" {
				eventually(t, "the pod", n.knows("u1", "c1", "shop/one/app"))
				return
			}
			eventually(t, "the fault", func() bool {
				f := n.Faults()
				return len(f) == 1 && strings.Contains(f[0], "certificate can't be checked") && strings.Contains(f[0], tt.fault)
			})
			k.mu.Lock()
			defer k.mu.Unlock()
			if len(k.tokens) > 0 {
				t.Errorf("the token was sent: %q", k.tokens)
			}
		})
	}
}

// TestKubeletRefuses gives files that can't be used.
func TestKubeletRefuses(t *testing.T) {
	o := Options{Source: SourceKubelet, Node: node, KubeletURL: "https://127.0.0.1:1", Log: slog.New(slog.DiscardHandler), account: t.TempDir()}
	o.CAFile = filepath.Join(t.TempDir(), "gone.crt")
	if _, err := New(o); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	o.CAFile = ""
	write(t, filepath.Join(o.account, accountCA), []byte("none"))
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "no certificate in PEM") {
		t.Errorf("a file without a certificate: %v", err)
	}
}

// strangers makes a certificate of nobody.
func strangers(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
