// Package names knows how the pods of its own node are called: whose a cgroup's uid and a container's id are. It owns the
// reading of pods, by a list and a watch of the API server or by polling the kubelet, and what is remembered of them; it
// must not know what the names are for.
//
// A pod that is gone stays known for half an hour, since the report of a kill often comes after its end. A static pod is
// known by two uids: that of its mirror in the API server, and the hash that its cgroup is called by.
//
// # Reads
//
// GET /api/v1/pods with a field selector for the node's name, as list and as watch; or GET /pods of the kubelet. Of each
// pod it keeps its uid, namespace, name, address, containers with ids and ports, and the annotations that it was told to
// keep; of one that was evicted, why.
//
// # Cannot see
//
// Pods of other nodes. A pod in its first moments: its name is there as soon as the API server has told of it, a
// container's id only when the kubelet has written it into the status, about a second after its start. Pods that ended before the
// agent started and were deleted since. A pod that was evicted while the kubelet is polled, and was deleted between two
// polls.
//
// # Permissions
//
// list and watch of pods, in all namespaces; the API server lets no rule say of which node. Or get of nodes/pods (nodes/proxy
// before Kubernetes 1.33) at the kubelet.
//
// # Cost
//
// One list at the start and one stream; or one request every 15 seconds. A list is read pod by pod: what is held at a time
// is one pod as JSON, at most 8 MiB, and about 1 KiB for each pod that is known.
package names

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/oombot/oombot/investigations"
)

// Sources of names.
const (
	SourceAPI     = "api"
	SourceKubelet = "kubelet"
	SourceNone    = "none"
)

// Options say where names come from. The zero value of what is not required stands for the default.
type Options struct {
	// Source is one of the constants above. Required.
	Source string
	// Node is the node's name in Kubernetes. Required, but for SourceNone.
	Node string
	// REST is how the API server is reached; see Config. Required for SourceAPI.
	REST *rest.Config
	// KubeletURL is the kubelet's address, as https://10.0.0.1:10250. Required for SourceKubelet.
	KubeletURL string
	// Token returns the token for the kubelet, and is asked for each request; nil: that of the pod's service account.
	Token func() (string, error)
	// CAFile holds the authorities that the kubelet's certificate is checked by, read at the start. Empty: the cluster's, as
	// the service account has it, and outside of a pod the system's. Not every cluster's authority signs its kubelets'.
	CAFile string
	// KubeletInsecure has the kubelet's certificate not checked: most kubelets sign their own. Who can take the node's
	// address can have the token then; on the node itself that is who owns the node.
	KubeletInsecure bool
	// Annotations are the keys that Subject's pods keep; see heap.Annotations.
	Annotations []string
	// OnEviction takes each pod that the kubelet evicted for want of memory, once, from Run's goroutine; nil: nobody
	// wants to know.
	OnEviction func(investigations.UserKill)
	// Log takes what goes wrong. Required.
	Log *slog.Logger
	// account is the folder of the service account; empty: where the kubelet mounts it.
	account string
}

// Names knows the pods of a node. Its methods are safe for concurrent use; Run is called once.
type Names struct {
	o     Options
	log   *slog.Logger
	http  *http.Client
	base  *url.URL
	store *store
	// ask takes the wish for a list, since a uid is not known.
	ask chan struct{}

	mu    sync.Mutex
	stats Stats
	fault string
	asked map[string]time.Time
}

// Stats say how the reading of pods goes.
type Stats struct {
	// Pods are known and there, Gone known and gone.
	Pods, Gone int
	// Lists, Watches and Events count what was read since the start, Failures what failed.
	Lists, Watches, Events, Failures int64
	// LastSuccess is when the source last answered; zero where never.
	LastSuccess time.Time
}

// New returns Names that know nothing yet. An error means that the options can't be used.
func New(o Options) (*Names, error) {
	n := &Names{o: o, log: o.Log, store: newStore(o), ask: make(chan struct{}, 1), asked: map[string]time.Time{}}
	var err error
	switch {
	case o.Log == nil:
		err = errors.New("the logger is missing")
	case o.Source == SourceNone:
	case o.Node == "":
		err = errors.New("the node's name is missing: set OOMBOT_NODE from spec.nodeName")
	case o.Source == SourceAPI:
		err = n.connectAPI()
	case o.Source == SourceKubelet:
		err = n.connectKubelet()
	default:
		err = fmt.Errorf("there is no source %q: choose api, kubelet or none", o.Source)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare the reading of pods: %w", err)
	}
	return n, nil
}

// Run reads pods until ctx ends, and returns nil.
func (n *Names) Run(ctx context.Context) error {
	switch n.o.Source {
	case SourceAPI:
		n.runAPI(ctx)
	case SourceKubelet:
		n.runKubelet(ctx)
	default:
		<-ctx.Done()
	}
	return nil
}

// Name returns what a pod and a container of it are called, by the uid and the id that stand in a cgroup's path. What is
// not known is empty; an unknown pod is asked for in the background. It returns at once.
func (n *Names) Name(podUID, containerID string) (namespace, pod, container string) {
	p, ok := n.lookup(podUID)
	if !ok {
		return "", "", ""
	}
	return p.Namespace, p.Name, p.container(containerID)
}

// Pod returns a pod by the uid that stands in a cgroup's path, and with that uid. A container that was restarted stands in
// it once for each id that is known. It returns at once.
func (n *Names) Pod(uid string) (investigations.NodePod, bool) {
	p, ok := n.lookup(uid)
	if !ok {
		return investigations.NodePod{}, false
	}
	return p.nodePod(uid), true
}

// Wait is Pod for one that may have started a moment ago: it waits for it until ctx ends.
func (n *Names) Wait(ctx context.Context, uid string) (investigations.NodePod, bool) {
	for {
		changed := n.store.change()
		if p, ok := n.Pod(uid); ok || uid == "" || n.o.Source == SourceNone {
			return p, ok
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return n.Pod(uid)
		}
	}
}

// Subject returns a pod with what is needed to ask it for a profile: its address, its ports and the annotations that were
// to be kept. A pod in the host's network has no address here, for it is the node's, where others listen. False where the pod is
// not known, or gone: then its address may be another's.
func (n *Names) Subject(uid string) (investigations.SubjectPod, bool) {
	p, ok := n.lookup(uid)
	if !ok || !p.gone.IsZero() {
		return investigations.SubjectPod{}, false
	}
	return p.subject(n.o.Node), true
}

// Stats returns the figures of this moment.
func (n *Names) Stats() Stats {
	n.mu.Lock()
	s := n.stats
	n.mu.Unlock()
	s.Pods, s.Gone = n.store.count()
	return s
}

// Faults says what can't be seen now, in words.
func (n *Names) Faults() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fault == "" {
		return nil
	}
	return []string{n.fault}
}

const (
	// askAgain is how long an unknown uid is no reason to ask again: there are uids that nobody knows, of a cluster within a
	// pod for one.
	askAgain = 10 * time.Minute
	maxAsked = 1024
)

// lookup returns a pod, and asks for it in the background where it is not known.
func (n *Names) lookup(uid string) (*pod, bool) {
	p, ok := n.store.get(uid)
	if ok || uid == "" {
		return p, ok
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if last, ok := n.asked[uid]; ok && now.Sub(last) < askAgain {
		return nil, false
	}
	if len(n.asked) >= maxAsked {
		clear(n.asked)
	}
	n.asked[uid] = now
	select {
	case n.ask <- struct{}{}:
	default:
	}
	return nil, false
}

// succeeded notes that the source answers.
func (n *Names) succeeded(count func(*Stats)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fault != "" {
		n.log.Info("the pods of the node are read again")
	}
	n.fault = ""
	n.stats.LastSuccess = time.Now()
	count(&n.stats)
}

// failed notes that it does not.
func (n *Names) failed(err error) {
	text := investigations.CleanText(err.Error(), 300)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fault == "" {
		n.log.Warn("the pods of the node can't be read", "err", err)
	}
	n.fault = "the names of pods are not known, or old: " + text
	n.stats.Failures++
}
