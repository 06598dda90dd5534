// Package kubetest is a stand-in for an API server in tests of packages that can't start a real one. It serves the
// objects of a bundle's kubernetes/*.json by get and list, with label and field selectors, as JSON, answers what an
// account may do, and refuses every other verb. It judges no permission but by Forbid, keeps no watch cache and knows no
// pages; the end-to-end tests run a real server.
package kubetest

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/oombot/oombot/tools/kubeclient"
)

// Server is a running stand-in. It is safe for concurrent use.
type Server struct {
	*httptest.Server
	objects map[string][]unstructured.Unstructured // by group and resource

	mu sync.Mutex
	// calls are the requests so far.
	calls []string
	// forbidden answers requests with 403 where it returns true; it may be nil.
	forbidden func(r *http.Request) bool
	// allowed answers reviews of access; nil allows everything.
	allowed func(a authorizationv1.ResourceAttributes) bool
	// reviewed answers reviews of tokens; nil takes none.
	reviewed func(spec authenticationv1.TokenReviewSpec) authenticationv1.TokenReviewStatus
}

// Version is the version that a Server has.
const Version = "v1.36.3"

// New serves the objects in fsys until the test ends.
func New(t testing.TB, fsys fs.FS) *Server {
	t.Helper()
	s := &Server{objects: map[string][]unstructured.Unstructured{}}
	for _, r := range kubeclient.Resources() {
		data, err := fs.ReadFile(fsys, "kubernetes/"+r.Name+".json")
		if err != nil {
			continue // nothing of that kind
		}
		var list struct {
			Items []map[string]any `json:"items"`
		}
		if err := json.Unmarshal(data, &list); err != nil {
			t.Fatalf("kubernetes/%s.json: %v", r.Name, err)
		}
		key := r.Group + "/" + r.Name
		for _, item := range list.Items {
			o := unstructured.Unstructured{Object: item}
			o.SetKind(r.Kind)
			o.SetAPIVersion(strings.TrimPrefix(r.Group+"/"+r.Versions[0], "/"))
			s.objects[key] = append(s.objects[key], o)
		}
	}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// Forbid has requests answered with 403 for which is returns true.
func (s *Server) Forbid(is func(r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forbidden = is
}

// Allow has reviews of access answered as is says.
func (s *Server) Allow(is func(a authorizationv1.ResourceAttributes) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allowed = is
}

// Review has reviews of tokens answered as is says.
func (s *Server) Review(is func(spec authenticationv1.TokenReviewSpec) authenticationv1.TokenReviewStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reviewed = is
}

// Calls returns the requests so far, as "GET /api/v1/…".
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.calls...)
}

// Config returns how to reach the server.
func (s *Server) Config() *rest.Config { return &rest.Config{Host: s.URL, QPS: -1} }

// Kubeconfig writes a kubeconfig of the server and returns its path.
func (s *Server) Kubeconfig(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	err := clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"test": {Server: s.URL}},
		Contexts:       map[string]*clientcmdapi.Context{"test": {Cluster: "test"}},
		CurrentContext: "test",
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Cluster returns a client of the server.
func (s *Server) Cluster(t testing.TB) *kubeclient.Cluster {
	t.Helper()
	c, err := kubeclient.Connect(s.Config(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.String())
	forbidden := s.forbidden != nil && s.forbidden(r)
	s.mu.Unlock()
	group, resource, namespace, name := split(r.URL.Path)
	objects, known := s.objects[group+"/"+resource]
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodPost && resource == "selfsubjectaccessreviews" && !forbidden:
		s.review(w, r)
	case r.Method == http.MethodPost && resource == "tokenreviews" && !forbidden:
		s.reviewToken(w, r)
	case r.Method == http.MethodPost && resource == "tokenreviews":
		refuse(w, http.StatusForbidden, "Forbidden", name)
	case r.Method == http.MethodGet && r.URL.Path == "/version" && !forbidden:
		_ = json.NewEncoder(w).Encode(version.Info{GitVersion: Version})
	case r.Method == http.MethodPost && resource == "selfsubjectaccessreviews":
		refuse(w, http.StatusForbidden, "Forbidden", name)
	case r.Method != http.MethodGet || r.URL.Query().Get("watch") != "":
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", name)
	case forbidden:
		refuse(w, http.StatusForbidden, "Forbidden", name)
	case !known && !isBuiltIn(group, resource):
		http.Error(w, "404 page not found", http.StatusNotFound)
	case strings.Contains(name, "/"):
		refuse(w, http.StatusNotFound, "NotFound", name) // logs and the like are no objects
	case name != "":
		for i := range objects {
			if o := &objects[i]; o.GetNamespace() == namespace && o.GetName() == name {
				_ = json.NewEncoder(w).Encode(o.Object)
				return
			}
		}
		refuse(w, http.StatusNotFound, "NotFound", name)
	default:
		s.list(w, r, objects, namespace)
	}
}

// reviewToken answers whose a token is.
func (s *Server) reviewToken(w http.ResponseWriter, r *http.Request) {
	var review authenticationv1.TokenReview
	body, err := io.ReadAll(r.Body)
	if err == nil {
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, &review)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequest", "")
		return
	}
	s.mu.Lock()
	if s.reviewed != nil {
		review.Status = s.reviewed(review.Spec)
	}
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(review)
}

// review answers whether an account may do something.
func (s *Server) review(w http.ResponseWriter, r *http.Request) {
	var review authorizationv1.SelfSubjectAccessReview
	body, err := io.ReadAll(r.Body)
	if err == nil { // clients write protobuf where they may
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, &review)
	}
	if err != nil || review.Spec.ResourceAttributes == nil {
		refuse(w, http.StatusBadRequest, "BadRequest", "")
		return
	}
	s.mu.Lock()
	review.Status.Allowed = s.allowed == nil || s.allowed(*review.Spec.ResourceAttributes)
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(review)
}

func isBuiltIn(group, resource string) bool {
	r, ok := kubeclient.ResourceNamed(resource)
	return ok && r.Group == group && !r.Custom
}

// split takes /api/v1/namespaces/NS/RESOURCE/NAME and its like apart.
func split(p string) (group, resource, namespace, name string) {
	parts := strings.Split(strings.Trim(path.Clean(p), "/"), "/")
	if parts[0] == "apis" && len(parts) > 2 {
		group, parts = parts[1], parts[1:]
	}
	parts = parts[min(len(parts), 2):]
	if len(parts) > 2 && parts[0] == "namespaces" {
		namespace, parts = parts[1], parts[2:]
	}
	if len(parts) > 0 {
		resource = parts[0]
	}
	if len(parts) > 1 {
		name = strings.Join(parts[1:], "/")
	}
	return group, resource, namespace, name
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, objects []unstructured.Unstructured, namespace string) {
	byLabel, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequest", "")
		return
	}
	byField, err := fields.ParseSelector(r.URL.Query().Get("fieldSelector"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequest", "")
		return
	}
	items := []map[string]any{}
	for i := range objects {
		o := &objects[i]
		if (namespace == "" || o.GetNamespace() == namespace) && byLabel.Matches(labels.Set(o.GetLabels())) && byField.Matches(object{o}) {
			items = append(items, o.Object)
		}
	}
	kind, apiVersion := "List", "v1"
	if len(objects) > 0 {
		kind, apiVersion = objects[0].GetKind()+"List", objects[0].GetAPIVersion()
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": kind, "apiVersion": apiVersion, "metadata": map[string]any{}, "items": items})
}

// object is an object's fields by their paths.
type object struct{ *unstructured.Unstructured }

// Has says that a field is there.
func (o object) Has(field string) bool { return o.Get(field) != "" }

// Get returns a field as text.
func (o object) Get(field string) string {
	v, _, _ := unstructured.NestedFieldNoCopy(o.Object, strings.Split(field, ".")...) // what is not there is empty
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func refuse(w http.ResponseWriter, code int, reason, name string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code,
		"message": reason, "details": map[string]any{"name": name},
	})
}
