package cluster

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Object is one that a bundle holds.
type Object struct {
	// Resource is the plural name, as that of the bundle's file.
	Resource string
	// Value is the object as JSON has it; numbers are json.Number.
	Value map[string]any
}

// Meta returns the object's namespace and name.
func (o Object) Meta() (namespace, name string) {
	u := unstructured.Unstructured{Object: o.Value}
	return u.GetNamespace(), u.GetName()
}

// as reads the object as the API's own type.
func (o Object) as(into any) error {
	data, err := json.Marshal(o.Value)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		_, name := o.Meta()
		return fmt.Errorf("%s %s: %w", o.Resource, name, err)
	}
	return nil
}

// Objects reads the objects of a bundle.
func Objects(bundle fs.FS) ([]Object, error) {
	files, err := fs.Glob(bundle, "kubernetes/*.json")
	if err != nil {
		return nil, err
	}
	var out []Object
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".json")
		if _, ok := resources[name]; !ok {
			return nil, fmt.Errorf("%s: no resource of that name is known", file)
		}
		data, err := fs.ReadFile(bundle, file)
		if err != nil {
			return nil, err
		}
		var list struct{ Items []map[string]any }
		if err := decode(data, &list); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, item := range list.Items {
			out = append(out, Object{Resource: name, Value: item})
		}
	}
	return out, nil
}

// decode keeps numbers as they are written.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(into)
}

// encode returns the bytes that etcd shall hold: the object as recorded, with a uid and a time where it has none, and
// without the resource version, which is etcd's to give.
func (o Object) encode(k *Kubelet) ([]byte, error) {
	value := clone(o.Value)
	meta, ok := value["metadata"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("an object of %s has no metadata", o.Resource)
	}
	delete(meta, "resourceVersion")
	delete(meta, "selfLink")
	namespace, name := o.Meta()
	if name == "" {
		return nil, fmt.Errorf("an object of %s has no name", o.Resource)
	}
	if meta["uid"] == nil {
		sum := sha256.Sum256([]byte(o.Resource + "/" + namespace + "/" + name))
		meta["uid"] = fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	}
	if meta["creationTimestamp"] == nil {
		meta["creationTimestamp"] = "2020-01-01T00:00:00Z"
	}
	if o.Resource == "nodes" && k != nil {
		k.adopt(value)
	}
	return json.Marshal(value)
}

// clone copies a value of JSON.
func clone(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if inner, ok := v.(map[string]any); ok {
			v = clone(inner)
		}
		out[k] = v
	}
	return out
}
