package kubeclient

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/oombot/oombot/investigations"
)

// Object is an object of the API with apiVersion and kind. Those that a Cluster hands out are shared: nobody may
// change one.
type Object = unstructured.Unstructured

// Cluster reads objects of one API server for one investigation: whatever was read once is not asked for again. It
// only gets and lists, is safe for concurrent use, and its errors wrap investigations' sentinels.
type Cluster struct {
	objects dynamic.Interface
	typed   kubernetes.Interface
	log     *slog.Logger

	mu    sync.Mutex
	calls map[string]*call
}

// call is a question to the server that was asked, or is being asked.
type call struct {
	done  chan struct{}
	items []Object
	err   error
}

func newCluster(objects dynamic.Interface, typed kubernetes.Interface, log *slog.Logger) *Cluster {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Cluster{objects: objects, typed: typed, log: log, calls: map[string]*call{}}
}

// Anew returns a Cluster of the same API server, over the same connections, for another investigation: it has read nothing
// yet.
func (c *Cluster) Anew() *Cluster { return newCluster(c.objects, c.typed, c.log) }

// Typed is the client for what is no object: logs of pods, the server's version, reviews of access.
func (c *Cluster) Typed() kubernetes.Interface { return c.typed }

// Query says which objects to list.
type Query struct {
	// Resource is the plural name of one of Resources.
	Resource string
	// Namespace is empty for all.
	Namespace string
	// Labels and Fields are selectors; empty means all.
	Labels, Fields string
	// Stale says that what the server's cache holds is good enough, which costs etcd nothing.
	Stale bool
	// AtMost bounds how many objects are read; 0 means 5,000. Beyond it the list wraps investigations.ErrTooLarge and
	// what was read is returned as well.
	AtMost int

	// name is that of the one object, where a command is to show it alone.
	name string
}

const (
	listPage = 500
	listMost = 5_000
)

// String writes the query as kubectl would.
func (q Query) String() string {
	r, _ := ResourceNamed(q.Resource)
	words := []string{"kubectl get", r.qualified()}
	switch {
	case r.Clustered:
	case q.Namespace == "":
		words = append(words, "-A")
	default:
		words = append(words, "-n", q.Namespace)
	}
	if q.name != "" {
		words = append(words, q.name)
	}
	if q.Labels != "" {
		words = append(words, "-l", "'"+q.Labels+"'")
	}
	if q.Fields != "" {
		words = append(words, "--field-selector", "'"+q.Fields+"'")
	}
	return strings.Join(append(words, "-o json"), " ")
}

// Get reads one object; namespace is empty for those in none. It is asked for afresh, not from the server's cache.
func (c *Cluster) Get(ctx context.Context, resource, namespace, name string) (*Object, error) {
	r, ok := ResourceNamed(resource)
	if !ok {
		return nil, fmt.Errorf("get %s: no such resource is read", resource)
	}
	what := fmt.Sprintf("get %s %s", r.qualified(), strings.TrimPrefix(namespace+"/"+name, "/"))
	items, err := c.once(ctx, what, func(ctx context.Context) ([]Object, error) {
		var object *Object
		err := c.try(ctx, what, r, func(version string) (err error) {
			object, err = c.objects.Resource(r.in(version)).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case object == nil: // the server has no such resource
			return nil, fmt.Errorf("%s: %w", what, investigations.ErrNotFound)
		}
		return []Object{*object}, nil
	})
	if err != nil {
		return nil, err
	}
	return &items[0], nil
}

// List reads the objects that q asks for. A custom resource that the server doesn't know is an empty list. The slice
// is the caller's, its objects are not.
func (c *Cluster) List(ctx context.Context, q Query) ([]Object, error) {
	r, ok := ResourceNamed(q.Resource)
	if !ok {
		return nil, fmt.Errorf("list %s: no such resource is read", q.Resource)
	}
	shared, err := c.once(ctx, q.String(), func(ctx context.Context) ([]Object, error) {
		var items []Object
		err := c.try(ctx, "list "+describe(r, q), r, func(version string) (err error) {
			items, err = c.pages(ctx, r, version, q)
			return err
		})
		return items, err
	})
	return slices.Clone(shared), err
}

func describe(r Resource, q Query) string {
	where := "in all namespaces"
	switch {
	case r.Clustered:
		where = ""
	case q.Namespace != "":
		where = "in namespace " + q.Namespace
	}
	return strings.TrimSpace(r.qualified() + " " + where)
}

// pages reads a list page by page.
func (c *Cluster) pages(ctx context.Context, r Resource, version string, q Query) ([]Object, error) {
	opt := metav1.ListOptions{LabelSelector: q.Labels, FieldSelector: q.Fields}
	most := q.AtMost
	if most == 0 {
		most = listMost
	}
	if q.Stale {
		opt.ResourceVersion = "0" // from the cache, which knows no pages
	} else {
		opt.Limit = int64(min(most, listPage))
	}
	var items []Object
	for {
		list, err := c.objects.Resource(r.in(version)).Namespace(q.Namespace).List(ctx, opt)
		if err != nil {
			if apierrors.IsResourceExpired(err) && opt.Continue != "" {
				return items, fmt.Errorf("%w: the list changed too fast to be read to its end", errTooLarge)
			}
			return nil, err
		}
		items = append(items, list.Items...)
		opt.Continue = list.GetContinue()
		if len(items) > most || len(items) == most && opt.Continue != "" {
			return items[:most], fmt.Errorf("%w: there are more than %d", errTooLarge, most)
		}
		if opt.Continue == "" {
			return items, nil
		}
	}
}

// once asks a question to which there is no answer yet. Whoever asks the same meanwhile waits for that answer, and
// asks anew where the first one gave up for a reason of its own.
func (c *Cluster) once(ctx context.Context, key string, ask func(context.Context) ([]Object, error)) ([]Object, error) {
	for {
		c.mu.Lock()
		k, asked := c.calls[key]
		if !asked {
			k = &call{done: make(chan struct{})}
			c.calls[key] = k
		}
		c.mu.Unlock()
		if !asked {
			k.items, k.err = ask(ctx)
			if k.err != nil && (ctx.Err() != nil || isContext(k.err)) {
				c.mu.Lock()
				delete(c.calls, key)
				c.mu.Unlock()
			}
			close(k.done)
			return k.items, k.err
		}
		select {
		case <-ctx.Done():
			return nil, timeOut(ctx, key)
		case <-k.done:
			if k.err == nil || !isContext(k.err) || ctx.Err() != nil {
				return k.items, k.err
			}
		}
	}
}
