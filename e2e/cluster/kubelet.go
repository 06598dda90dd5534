package cluster

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strconv"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// Kubelet stands in for the kubelets of all nodes, in what the API server asks them for when a client wants logs:
// GET /containerLogs/NAMESPACE/POD/CONTAINER, by HTTPS with a certificate that nobody knows, as kubelets have where
// none was given to them. It serves the logs of bundles, and is as strict as a kubelet about what it is asked.
type Kubelet struct {
	port int
	// waits are the containers, as namespace/pod/container, that have ended and wait to be started again.
	waits map[string]bool

	mu      sync.Mutex
	bundles []fs.FS
	asked   []string
}

// StartKubelet starts the stand-in with the logs of bundles; it ends with the test.
func StartKubelet(t testing.TB, bundles ...fs.FS) *Kubelet {
	t.Helper()
	k := &Kubelet{bundles: bundles, waits: map[string]bool{}}
	for _, bundle := range bundles {
		k.learn(bundle)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.containerLogs)
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	addr, ok := server.Listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("the kubelet listens on %s, which is no TCP address", server.Listener.Addr())
	}
	k.port = addr.Port
	return k
}

// learn reads from a bundle's pods which containers wait. A bundle whose pods can't be read has none.
func (k *Kubelet) learn(bundle fs.FS) {
	objects, err := Objects(bundle)
	if err != nil {
		return
	}
	for _, o := range objects {
		var pod corev1.Pod
		if o.Resource != "pods" || o.as(&pod) != nil {
			continue
		}
		for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			k.waits[path.Join(pod.Namespace, pod.Name, s.Name)] = s.State.Waiting != nil && s.LastTerminationState.Terminated != nil
		}
	}
}

// Asked returns the paths, with queries, that the API server has asked for.
func (k *Kubelet) Asked() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.asked)
}

// adopt says in a node's status that its kubelet is here. The address is of a type that no recorded node has, and
// beside those recorded, which tell whose metrics a node's are.
func (k *Kubelet) adopt(node map[string]any) {
	status, ok := node["status"].(map[string]any)
	if !ok {
		status = map[string]any{}
		node["status"] = status
	}
	addresses, _ := status["addresses"].([]any)
	status["addresses"] = append(slices.Clone(addresses), map[string]any{"type": "ExternalDNS", "address": "localhost"})
	status["daemonEndpoints"] = map[string]any{
		"kubeletEndpoint": map[string]any{"Port": json.Number(strconv.Itoa(k.port))},
	}
}

func (k *Kubelet) containerLogs(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	k.asked = append(k.asked, r.URL.RequestURI())
	k.mu.Unlock()
	namespace, pod, container := r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container")
	want, err := parseLogOptions(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	for _, bundle := range k.bundles {
		for _, file := range k.files(namespace, pod, container, want.previous) {
			if data, err := fs.ReadFile(bundle, file); err == nil {
				w.Header().Set("Content-Type", "text/plain")
				_ = want.write(w, data) // a client that is gone wants no more
				return
			}
		}
	}
	// What a kubelet says of a container that has not ended yet, and of one whose log file was cleaned away.
	text := fmt.Sprintf("failed to try resolving symlinks in path %q: lstat %[1]s: no such file or directory",
		path.Join("/var/log/pods", namespace+"_"+pod, container, "0.log"))
	if want.previous {
		text = fmt.Sprintf("previous terminated container %q in pod %q not found", container, pod)
	}
	http.Error(w, text, http.StatusBadRequest)
}

// files are where a log may stand. While a container waits to be started again its last life is the current one, too.
func (k *Kubelet) files(namespace, pod, container string, previous bool) []string {
	dir := path.Join("logs", namespace, pod)
	current, before := path.Join(dir, container+".log"), path.Join(dir, container+".previous.log")
	switch {
	case k.waits[path.Join(namespace, pod, container)]:
		return []string{before, current}
	case previous:
		return []string{before}
	}
	return []string{current}
}

// known are the options of PodLogOptions, as the API server hands them on.
var known = []string{"follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes", "stream"}

func parseLogOptions(q url.Values) (logOptions, error) {
	var o logOptions
	for name := range q {
		if !slices.Contains(known, name) {
			return o, fmt.Errorf("unknown log option %q", name)
		}
	}
	return o, o.fill(q)
}
