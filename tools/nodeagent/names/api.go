package names

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/oombot/oombot/investigations"
)

// Config says how the API server is reached: by the service account of the pod that the program runs in, where neither a
// file nor KUBECONFIG is given, else by the usual rules of kubeconfig files.
func Config(kubeconfig, context string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	rules.WarnIfAllMissing = false
	if kubeconfig == "" && context == "" && os.Getenv(clientcmd.RecommendedConfigPathEnvVar) == "" {
		if cfg, err := rest.InClusterConfig(); err == nil {
			return cfg, nil
		}
	}
	cfg, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read how the API server is reached: %w", err)
	}
	return cfg, nil
}

const (
	// listTimeout bounds one list, watchTime how long a watch lasts at least; the server ends it.
	listTimeout = time.Minute
	watchTime   = 5 * time.Minute
	// firstPause to lastPause lie between attempts that fail, forbiddenPause where a person has to do something.
	firstPause, lastPause, forbiddenPause = 200 * time.Millisecond, 30 * time.Second, 30 * time.Second
	// settled is how long a watch lasts after which a failure is a first one again.
	settled = 10 * time.Second
	// askEvery is the least time between lists that unknown uids are the reason of.
	askEvery = 5 * time.Second
)

// errExpired says that the server doesn't know any more what has happened since the resource version given.
var errExpired = errors.New("what has happened since is not known any more")

func (n *Names) connectAPI() error {
	if n.o.REST == nil {
		return errors.New("nothing says how the API server is reached")
	}
	cfg := rest.CopyConfig(n.o.REST)
	cfg.Timeout = 0 // a watch is endless
	cfg.UserAgent = "oombot-agent"
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return fmt.Errorf("prepare the Kubernetes client: %w", err)
	}
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	n.http = &c
	if n.base, _, err = rest.DefaultServerUrlFor(cfg); err != nil {
		return fmt.Errorf("read the address of the API server: %w", err)
	}
	n.base = n.base.JoinPath("/api/v1/pods")
	return nil
}

// runAPI lists and watches until ctx ends.
func (n *Names) runAPI(ctx context.Context) {
	var g errgroup.Group
	g.Go(func() error { n.watchAlways(ctx); return nil })
	g.Go(func() error { n.listOnDemand(ctx); return nil })
	_ = g.Wait() // they return no errors
}

func (n *Names) watchAlways(ctx context.Context) {
	evicted := &evictions{tell: n.o.OnEviction}
	// A list of version 0 comes from the server's cache, which is good enough: the watch catches up.
	version, from, first := "", "0", true
	failures := 0
	for ctx.Err() == nil {
		start := time.Now()
		err := n.listFirst(ctx, &version, from, evicted, &first)
		if err == nil {
			version, err = n.watch(ctx, version, evicted)
			if brokenOff(err) {
				err = nil // where that is more than a moment's, the next attempt fails
			}
			from = "0"
		}
		if errors.Is(err, errExpired) {
			// The cache may be as old as the version that has expired.
			version, from, err = "", "", nil
		}
		if err != nil && ctx.Err() == nil {
			n.failed(err)
		}
		if failures++; time.Since(start) >= settled {
			failures = 0
		}
		pause(ctx, delay(failures, err))
	}
}

// listFirst lists where there is no version to watch from.
func (n *Names) listFirst(ctx context.Context, version *string, from string, evicted *evictions, first *bool) (err error) {
	if *version != "" {
		return nil
	}
	if *version, err = n.listAll(ctx, from, evicted, *first); err == nil {
		*first = false
	}
	return err
}

// delay is how long nothing is asked after an attempt that ended, the failures-th in a row.
func delay(failures int, err error) time.Duration {
	d := min(firstPause<<min(failures, 16), lastPause)
	d -= time.Duration(rand.Int64N(int64(d)/2 + 1))
	var r *refusal
	if errors.As(err, &r) {
		d = max(d, r.after)
	}
	if errors.Is(err, investigations.ErrForbidden) {
		d = max(d, forbiddenPause)
	}
	return d
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// listOnDemand lists where a uid is not known, and adds what is new.
func (n *Names) listOnDemand(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.ask:
		}
		_, err := n.list(ctx, "", func(o *object) {
			if _, known := n.store.get(o.Metadata.UID); !known {
				n.take(o)
			}
		})
		if err != nil && ctx.Err() == nil {
			n.log.Debug("the pods of the node were not listed for an unknown one", "err", err)
		}
		pause(ctx, askEvery)
	}
}

// listAll lists the pods of the node and takes them for all that are there. It returns the list's version.
func (n *Names) listAll(ctx context.Context, from string, evicted *evictions, first bool) (string, error) {
	listed := map[string]bool{}
	version, err := n.list(ctx, from, func(o *object) {
		if !n.take(o) {
			return
		}
		listed[o.Metadata.UID] = true
		evicted.see(o, first, time.Now())
	})
	if err == nil && version == "" && n.o.Source == SourceAPI {
		err = errors.New("list pods: the answer has no version, so that it can't be watched from there")
	}
	if err != nil {
		return "", err
	}
	n.store.settle(listed, time.Now())
	n.succeeded(func(s *Stats) { s.Lists++ })
	return version, nil
}

// take takes a pod, and says whether it is one of this node for which there was room.
func (n *Names) take(o *object) bool {
	if n.o.Source == SourceAPI && o.Spec.NodeName != n.o.Node {
		return false
	}
	if !n.store.put(o) {
		n.log.Debug("there are more pods than are remembered")
		return false
	}
	return true
}

func (n *Names) query(version string) url.Values {
	q := url.Values{}
	if n.o.Source != SourceAPI {
		return q // the kubelet has no pods of other nodes
	}
	q.Set("fieldSelector", "spec.nodeName="+n.o.Node)
	if version != "" {
		q.Set("resourceVersion", version)
	}
	return q
}

// list reads the pods of the node one by one, and returns the list's version.
func (n *Names) list(ctx context.Context, version string, each func(*object)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	body, err := n.get(ctx, "list pods", n.query(version))
	if err != nil {
		return "", err
	}
	defer body.Close()
	got, err := readList(body, each)
	if err != nil {
		return "", fmt.Errorf("list pods: %w", err)
	}
	return got, nil
}

// watch takes what happens after a version until the server ends it. It returns the version of what came last; an error
// of errExpired says that all has to be listed again.
func (n *Names) watch(ctx context.Context, version string, evicted *evictions) (string, error) {
	length := watchTime + rand.N(watchTime)
	ctx, cancel := context.WithTimeout(ctx, length+30*time.Second)
	defer cancel()
	q := n.query(version)
	q.Set("watch", "1")
	q.Set("allowWatchBookmarks", "true")
	q.Set("timeoutSeconds", strconv.Itoa(int(length/time.Second)))
	body, err := n.get(ctx, "watch pods", q)
	if err != nil {
		return version, err
	}
	defer body.Close()
	n.succeeded(func(s *Stats) { s.Watches++ })
	s := newStream(body)
	for {
		var e event
		if err := s.next(&e); err != nil {
			if errors.Is(err, io.EOF) {
				return version, nil
			}
			return version, fmt.Errorf("watch pods: %w", err)
		}
		next, err := n.see(&e, evicted)
		if err != nil {
			return version, err
		}
		if next != "" {
			version = next
		}
		n.succeeded(func(s *Stats) { s.Events++ })
	}
}

// see takes an event, and returns its version.
func (n *Names) see(e *event, evicted *evictions) (string, error) {
	if e.Type == "ERROR" {
		var s status
		_ = json.Unmarshal(e.Object, &s) // an error without a reason is one as well
		if s.Code != http.StatusGone && s.Reason != "Expired" {
			n.log.Info("a watch of pods ended", "err", investigations.CleanText(s.Message, 200))
		}
		return "", errExpired
	}
	var o object
	if err := soft(json.Unmarshal(e.Object, &o)); err != nil {
		return "", fmt.Errorf("watch pods: %w", err)
	}
	switch e.Type {
	case "ADDED", "MODIFIED":
		if n.take(&o) {
			evicted.see(&o, false, time.Now())
		}
	case "DELETED":
		if n.take(&o) {
			evicted.see(&o, false, time.Now())
			n.store.leave(o.Metadata.UID, time.Now())
		}
	}
	return o.Metadata.ResourceVersion, nil
}
