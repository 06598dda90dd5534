package cluster

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
)

// LoadOptions say what is changed of a bundle's objects on their way into the cluster. The zero value changes nothing.
type LoadOptions struct {
	// Kubelet is registered with every node, so that the API server finds logs there.
	Kubelet *Kubelet
	// Without names resources that are left out.
	Without []string
}

// Load stores the objects of bundles as they were recorded. Namespaces that they are in are made where a bundle
// doesn't hold them, and custom resources are defined where it does. When it returns, the API server's own cache has
// seen every object, so lists of any resource version show them.
func (s *APIServer) Load(t testing.TB, o LoadOptions, bundles ...fs.FS) {
	t.Helper()
	for _, bundle := range bundles {
		objects, err := Objects(bundle)
		if err != nil {
			t.Fatal(err)
		}
		objects = slices.DeleteFunc(objects, func(ob Object) bool { return slices.Contains(o.Without, ob.Resource) })
		if err := s.Put(t.Context(), o.Kubelet, objects...); err != nil {
			t.Fatal(err)
		}
	}
}

// Put stores objects past the API server, in place of what has the same names. kubelet may be nil.
func (s *APIServer) Put(ctx context.Context, kubelet *Kubelet, objects ...Object) error {
	if err := s.define(ctx, objects); err != nil {
		return err
	}
	writes := map[string]write{}
	for _, o := range s.withNamespaces(objects) {
		r, ok := resources[o.Resource]
		if !ok {
			return fmt.Errorf("no resource %q is known", o.Resource)
		}
		value, err := o.encode(kubelet)
		if err != nil {
			return err
		}
		namespace, name := o.Meta()
		writes[r.key(o.Resource, namespace, name)] = write{resource: o.Resource, value: value}
	}
	return s.write(ctx, writes)
}

// Delete removes an object past the API server.
func (s *APIServer) Delete(ctx context.Context, resource, namespace, name string) error {
	r, ok := resources[resource]
	if !ok {
		return fmt.Errorf("no resource %q is known", resource)
	}
	return s.write(ctx, map[string]write{r.key(resource, namespace, name): {resource: resource}})
}

// Reset takes everything back that Load, Put, Delete and LoadScale did, so that the cluster is as new. What a test made
// through the API stays.
func (s *APIServer) Reset(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	s.mu.Lock()
	writes := make(map[string]write, len(s.before))
	maps.Copy(writes, s.before)
	s.mu.Unlock()
	if err := s.write(ctx, writes); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.before = map[string]write{}
	s.mu.Unlock()
	if err := s.undefine(ctx); err != nil {
		t.Fatal(err)
	}
}

// withNamespaces adds the namespaces that objects are in and that are neither among them nor stored already.
func (s *APIServer) withNamespaces(objects []Object) []Object {
	there, missing := map[string]bool{}, map[string]bool{}
	for _, o := range objects {
		namespace, name := o.Meta()
		if o.Resource == "namespaces" {
			there[name] = true
		} else if namespace != "" {
			missing[namespace] = true
		}
	}
	out := slices.Clone(objects)
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		s.mu.Lock()
		_, stored := s.before[resources["namespaces"].key("namespaces", "", name)]
		s.mu.Unlock()
		if !there[name] && !stored {
			out = append(out, Object{Resource: "namespaces", Value: map[string]any{
				"apiVersion": "v1", "kind": "Namespace",
				"metadata": map[string]any{"name": name, "labels": map[string]any{"kubernetes.io/metadata.name": name}},
				"spec":     map[string]any{"finalizers": []any{"kubernetes"}},
				"status":   map[string]any{"phase": "Active"},
			}})
		}
	}
	return out
}

// write is a value for a key of etcd; nil deletes it.
type write struct {
	resource string
	value    []byte
}

const (
	// perTxn is below the number of operations that etcd takes at once, 128.
	perTxn = 100
	// writers is how many transactions are under way at a time.
	writers = 4
)

// write changes keys and waits until the API server has seen it.
func (s *APIServer) write(ctx context.Context, writes map[string]write) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	var mu sync.Mutex
	last := map[string]int64{} // of each resource, the revision of its last change
	for keys := range slices.Chunk(slices.Sorted(maps.Keys(writes)), perTxn) {
		group.Go(func() error {
			revision, err := s.transact(inner, keys, writes)
			mu.Lock()
			defer mu.Unlock()
			for _, key := range keys {
				last[writes[key].resource] = max(last[writes[key].resource], revision)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("write to etcd: %w", err)
	}
	for resource, revision := range last {
		if err := s.caughtUp(ctx, resource, revision); err != nil {
			return err
		}
	}
	return nil
}

// transact writes some keys at once, and keeps what they held before the first time.
func (s *APIServer) transact(ctx context.Context, keys []string, writes map[string]write) (int64, error) {
	gets, puts := make([]clientv3.Op, 0, len(keys)), make([]clientv3.Op, 0, len(keys))
	for _, key := range keys {
		gets = append(gets, clientv3.OpGet(key))
		if value := writes[key].value; value != nil {
			puts = append(puts, clientv3.OpPut(key, string(value)))
		} else {
			puts = append(puts, clientv3.OpDelete(key))
		}
	}
	before, err := s.store.Txn(ctx).Then(gets...).Commit()
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	for i, key := range keys {
		if _, ok := s.before[key]; ok {
			continue
		}
		was := write{resource: writes[key].resource}
		if kvs := before.Responses[i].GetResponseRange().Kvs; len(kvs) > 0 {
			was.value = kvs[0].Value
		}
		s.before[key] = was
	}
	s.mu.Unlock()
	after, err := s.store.Txn(ctx).Then(puts...).Commit()
	if err != nil {
		return 0, err
	}
	return after.Header.Revision, nil
}

// caughtUp waits until the API server's cache of a resource is at a revision of etcd or behind it.
func (s *APIServer) caughtUp(ctx context.Context, name string, revision int64) error {
	err := raw(s.client).Get().AbsPath(resources[name].url(name, "", "")).
		Param("resourceVersion", strconv.FormatInt(revision, 10)).Param("resourceVersionMatch", "NotOlderThan").Param("limit", "1").
		Do(ctx).Error()
	if err != nil {
		return fmt.Errorf("wait for the API server's cache of %s: %w", name, err)
	}
	return nil
}
