package cluster

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// harness is the user agent of the tests' own clients.
const harness = "oombot-e2e-harness"

// Access says who asks, and at which address. The zero value is the administrator, at the server itself.
type Access struct {
	// Token is a user's; see [APIServer.ServiceAccount]. Empty means the administrator's.
	Token string
	// Server and CAFile stand in for the server's own where a proxy is between.
	Server, CAFile string
}

func (s *APIServer) config(a Access) *rest.Config {
	c := &rest.Config{Host: s.URL, BearerToken: s.token, TLSClientConfig: rest.TLSClientConfig{CAFile: s.CAFile}}
	if a.Token != "" {
		c.BearerToken = a.Token
	}
	if a.Server != "" {
		c.Host, c.CAFile = a.Server, a.CAFile
	}
	return c
}

// ConfigFor returns the configuration of a client with that access.
func (s *APIServer) ConfigFor(a Access) *rest.Config { return s.config(a) }

// Kubeconfig writes a file that lets its reader do everything, and returns its path.
func (s *APIServer) Kubeconfig(t testing.TB) string {
	t.Helper()
	return s.KubeconfigFor(t, Access{})
}

// KubeconfigFor writes a file with that access, and returns its path.
func (s *APIServer) KubeconfigFor(t testing.TB, a Access) string {
	t.Helper()
	c := s.config(a)
	const name = "e2e"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	err := clientcmd.WriteToFile(api.Config{
		Clusters:       map[string]*api.Cluster{name: {Server: c.Host, CertificateAuthority: c.CAFile}},
		AuthInfos:      map[string]*api.AuthInfo{name: {Token: c.BearerToken}},
		Contexts:       map[string]*api.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// ServiceAccount makes a service account, and its namespace, and returns a token of it, which is good for an hour. It may
// do what roles that the test creates through [APIServer.Client] bind to it; without any, next to nothing.
func (s *APIServer) ServiceAccount(t testing.TB, namespace, name string) string {
	t.Helper()
	ctx := t.Context()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := s.client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil && !errors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	accounts := s.client.CoreV1().ServiceAccounts(namespace)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := accounts.Create(ctx, account, metav1.CreateOptions{}); err != nil && !errors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	token, err := accounts.CreateToken(ctx, name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return token.Status.Token
}

// Find returns the object of that name as the API server serves it.
func (s *APIServer) Find(ctx context.Context, o Object) (map[string]any, error) {
	namespace, name := o.Meta()
	data, err := raw(s.client).Get().AbsPath(resources[o.Resource].url(o.Resource, namespace, name)).Do(ctx).Raw()
	if err != nil {
		return nil, fmt.Errorf("get %s %s/%s: %w", o.Resource, namespace, name, err)
	}
	var out map[string]any
	return out, decode(data, &out)
}

// Get returns the object of that name as the API server serves it, and fails the test where there is none.
func (s *APIServer) Get(t testing.TB, o Object) map[string]any {
	t.Helper()
	out, err := s.Find(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
