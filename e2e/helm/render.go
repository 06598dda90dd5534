package helm

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Options say how a chart is rendered. The zero value is: the release oombot in the namespace oombot, with the chart's
// own values, for the newest Kubernetes that the tests have.
type Options struct {
	Release, Namespace string
	// KubeVersion is as v1.36.0.
	KubeVersion string
	// Service is who manages the objects, as their label says; empty: Helm.
	Service string
	// Values go over the chart's.
	Values map[string]any
}

// Rendered is what a chart became: the text of each template by its name, as bot-service.yaml. Templates that became nothing are
// not in it.
type Rendered map[string]string

// notes is the template that is for people.
const notes = "NOTES.txt"

// Render renders the chart in a folder. The error says what values it refuses, and why.
func Render(folder string, o Options) (Rendered, error) {
	chart, err := loader.LoadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("load the chart %s: %w", folder, err)
	}
	version, err := common.ParseKubeVersion(cmp.Or(o.KubeVersion, "v1.36.0"))
	if err != nil {
		return nil, fmt.Errorf("read the version of Kubernetes: %w", err)
	}
	caps := common.DefaultCapabilities.Copy()
	caps.KubeVersion = *version
	release := common.ReleaseOptions{
		Name: cmp.Or(o.Release, "oombot"), Namespace: cmp.Or(o.Namespace, "oombot"), Revision: 1, IsInstall: true,
	}
	values, err := util.ToRenderValues(chart, o.Values, release, caps)
	if err != nil {
		return nil, fmt.Errorf("take the values: %w", err)
	}
	if o.Service != "" {
		values["Release"].(map[string]any)["Service"] = o.Service
	}
	files, err := engine.Render(chart, values)
	if err != nil {
		return nil, fmt.Errorf("render the chart %s: %w", folder, err)
	}
	out := Rendered{}
	for name, text := range files {
		if text = strings.TrimSpace(text); text != "" && !strings.HasSuffix(name, ".tpl") {
			out[path.Base(name)] = text + "\n"
		}
	}
	return out, nil
}

// Notes returns what is said to people after an installation.
func (r Rendered) Notes() string { return r[notes] }

// Documents returns the YAML documents, in the order of the templates' names. Those without an object are left out.
func (r Rendered) Documents() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if name == notes {
			continue
		}
		for doc := range strings.SplitSeq("\n"+r[name], "\n---\n") {
			if doc = strings.TrimSpace(doc); strings.Contains("\n"+doc, "\nkind:") {
				out = append(out, doc+"\n")
			}
		}
	}
	return out
}

// Objects returns the objects, in the order of Documents. A key that stands twice in one is an error.
func (r Rendered) Objects() ([]unstructured.Unstructured, error) {
	var out []unstructured.Unstructured
	for _, doc := range r.Documents() {
		var o unstructured.Unstructured
		if err := yaml.UnmarshalStrict([]byte(doc), &o.Object); err != nil {
			return nil, fmt.Errorf("read a rendered object: %w in\n%s", err, doc)
		}
		out = append(out, o)
	}
	return out, nil
}
