package kubeclient

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/oombot/oombot/investigations"
)

// Access says how to reach an API server. The zero value is KUBECONFIG where that is set, else the service account of the
// pod that the program runs in, else the file in the home folder.
type Access struct {
	Kubeconfig, Context string
	// UserAgent names the program to the server.
	UserAgent string
}

const (
	// clientQPS and clientBurst are above what one investigation asks; API priority and fairness of the server does
	// the rest, whose 429 is obeyed.
	clientQPS, clientBurst = 100, 200
	// bodyLimit is the size of an answer that is read, in bytes.
	bodyLimit = 64 << 20
)

// RESTConfig reads where the API server is. Its error wraps investigations.ErrNotConfigured where nothing says it.
func RESTConfig(a Access) (*rest.Config, error) {
	cfg, err := a.config()
	if err != nil {
		if clientcmd.IsEmptyConfig(err) || errors.Is(err, rest.ErrNotInCluster) {
			return nil, fmt.Errorf("the cluster is %w: set kubernetes.kubeconfig, or KUBECONFIG, or run inside a cluster",
				investigations.ErrNotConfigured)
		}
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	cfg.QPS, cfg.Burst = clientQPS, clientBurst
	cfg.UserAgent = a.UserAgent
	cfg.WarningHandler = rest.NoWarnings{} // they are about the objects of others
	cfg.Wrap(boundBodies(bodyLimit))
	return cfg, nil
}

// config reads the service account of the pod that the program runs in, where nobody has named a file; else files.
func (a Access) config() (*rest.Config, error) {
	if a.Kubeconfig == "" && a.Context == "" && os.Getenv(clientcmd.RecommendedConfigPathEnvVar) == "" {
		if cfg, err := rest.InClusterConfig(); err == nil {
			return cfg, nil
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = a.Kubeconfig
	rules.WarnIfAllMissing = false
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules,
		&clientcmd.ConfigOverrides{CurrentContext: a.Context}).ClientConfig()
}

// Connect returns a client of the API server; it sends nothing yet.
func Connect(cfg *rest.Config, log *slog.Logger) (*Cluster, error) {
	objects, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("prepare the Kubernetes client: %w", err)
	}
	typed, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("prepare the Kubernetes client: %w", err)
	}
	return newCluster(objects, typed, log), nil
}

// patience is how an API server that restarts is waited for: as long as the caller's context lasts.
const (
	firstPause = 100 * time.Millisecond
	longPause  = 2 * time.Second
)
