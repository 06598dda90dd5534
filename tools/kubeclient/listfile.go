package kubeclient

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/oombot/oombot/investigations/redact"
)

// ListFile writes objects down as `kubectl get -o json --show-managed-fields` prints them: a v1 List, an object a
// line, in the order of their names, each once. Secrets in them are masked. The objects are not changed.
func ListFile(objects []Object) ([]byte, error) {
	sorted := slices.Clone(objects)
	slices.SortStableFunc(sorted, func(a, b Object) int {
		return cmp.Or(
			cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()),
			// Made anew while it was read, the first one is what was killed; read twice, the later state tells more.
			a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time),
			cmp.Compare(len(b.GetResourceVersion()), len(a.GetResourceVersion())),
			cmp.Compare(b.GetResourceVersion(), a.GetResourceVersion()))
	})
	sorted = slices.CompactFunc(sorted, func(a, b Object) bool {
		return a.GetNamespace() == b.GetNamespace() && a.GetName() == b.GetName()
	})
	var out bytes.Buffer
	out.WriteString(`{"apiVersion":"v1","kind":"List","metadata":{"resourceVersion":""},"items":[`)
	for i := range sorted {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		data, err := json.Marshal(tidy(sorted[i].Object))
		if err != nil {
			return nil, fmt.Errorf("write %s %s: %w", sorted[i].GetKind(), sorted[i].GetName(), err)
		}
		out.Write(data)
	}
	out.WriteString("\n]}\n")
	return redact.JSON(out.Bytes())
}

// tidy returns an object without kubectl's copy of it, and a ConfigMap without the values that don't steer memory.
func tidy(object map[string]any) map[string]any {
	out := maps.Clone(object)
	meta, _ := object["metadata"].(map[string]any)
	if annotations, ok := meta["annotations"].(map[string]any); ok && annotations[lastApplied] != nil {
		meta = maps.Clone(meta)
		annotations = maps.Clone(annotations)
		delete(annotations, lastApplied)
		meta["annotations"] = annotations
		out["metadata"] = meta
	}
	if object["kind"] == "ConfigMap" {
		tidyConfigMap(out)
	}
	return out
}

// leftOut stands in place of a ConfigMap's value that steers no memory.
const leftOut = "(not recorded)"

func tidyConfigMap(m map[string]any) {
	c := New()
	if data, ok := m["data"].(map[string]any); ok {
		kept := map[string]any{}
		for key, v := range data {
			value, _ := v.(string)
			if kept[key] = c.memorySetting(key, value); kept[key] == "" {
				kept[key] = leftOut
			}
		}
		m["data"] = kept
	}
	if data, ok := m["binaryData"].(map[string]any); ok {
		kept := map[string]any{}
		for key := range data {
			kept[key] = ""
		}
		m["binaryData"] = kept
	}
}
