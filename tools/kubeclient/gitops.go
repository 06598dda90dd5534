package kubeclient

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
)

// maxResources is how many of the resources that a GitOps object manages are kept.
const maxResources = 2000

// Application is the part of an Argo CD Application (argoproj.io) that is read.
type Application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		SyncPolicy *struct {
			Automated *struct {
				// Enabled is true where it is not said.
				Enabled *bool `json:"enabled"`
			} `json:"automated"`
		} `json:"syncPolicy"`
	} `json:"spec"`
	Status struct {
		Sync struct {
			Revision string `json:"revision"`
		} `json:"sync"`
		History []struct {
			Revision   string      `json:"revision"`
			DeployedAt metav1.Time `json:"deployedAt"`
		} `json:"history"`
		OperationState struct {
			FinishedAt metav1.Time `json:"finishedAt"`
		} `json:"operationState"`
		Resources []struct {
			Kind      string `json:"kind"`
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		} `json:"resources"`
	} `json:"status"`
}

// Application converts an Argo CD Application; source is where it was found. What it last applied is the newest
// entry of its history: sync.revision is what it compares with, applied or not.
func (c *Converter) Application(from *Application, source string) (investigations.GitOps, error) {
	if from.Name == "" {
		return investigations.GitOps{}, ErrNoName
	}
	g := investigations.GitOps{
		Kind: "application", Namespace: c.text(from.Namespace), Name: from.Name, Source: source,
		Revision: from.Status.Sync.Revision, At: timeOf(&from.Status.OperationState.FinishedAt),
	}
	for i := range from.Status.History {
		if h := &from.Status.History[i]; i == 0 || !timeOf(&h.DeployedAt).Before(g.At) {
			g.Revision, g.At = h.Revision, timeOf(&h.DeployedAt)
		}
	}
	if p := from.Spec.SyncPolicy; p != nil && p.Automated != nil {
		g.AutoSync = p.Automated.Enabled == nil || *p.Automated.Enabled
	}
	for _, r := range from.Status.Resources[:min(len(from.Status.Resources), maxResources)] {
		g.Resources = append(g.Resources, c.text(r.Namespace+"/"+strings.ToLower(r.Kind)+"/"+r.Name))
	}
	return g, nil
}

// Flux is the part of a Flux Kustomization or HelmRelease that is read.
type Flux struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Suspend bool `json:"suspend"`
	} `json:"spec"`
	Status struct {
		LastAppliedRevision   string             `json:"lastAppliedRevision"`
		LastAttemptedRevision string             `json:"lastAttemptedRevision"`
		Conditions            []metav1.Condition `json:"conditions"`
		Inventory             struct {
			Entries []struct {
				ID string `json:"id"`
			} `json:"entries"`
		} `json:"inventory"`
		// History is a HelmRelease's, the newest first.
		History []struct {
			ChartName    string      `json:"chartName"`
			ChartVersion string      `json:"chartVersion"`
			LastDeployed metav1.Time `json:"lastDeployed"`
		} `json:"history"`
	} `json:"status"`
}

// Flux converts a Kustomization or HelmRelease; kind is its kind in lower case, and source is where it was
// found. Flux always syncs by itself unless it is suspended.
func (c *Converter) Flux(kind string, from *Flux, source string) (investigations.GitOps, error) {
	if from.Name == "" {
		return investigations.GitOps{}, ErrNoName
	}
	s := &from.Status
	g := investigations.GitOps{
		Kind: kind, Namespace: c.text(from.Namespace), Name: from.Name, Source: source,
		Revision: first(s.LastAppliedRevision, s.LastAttemptedRevision), Suspended: from.Spec.Suspend, AutoSync: !from.Spec.Suspend,
	}
	for i := range s.Conditions {
		if s.Conditions[i].Type == "Ready" {
			g.At = timeOf(&s.Conditions[i].LastTransitionTime)
		}
	}
	if len(s.History) > 0 {
		h := &s.History[0]
		g.At = firstTime(h.LastDeployed.Time, g.At)
		if h.ChartVersion != "" {
			g.Revision = strings.TrimPrefix(h.ChartName+"@"+h.ChartVersion, "@")
		}
	}
	for _, e := range s.Inventory.Entries[:min(len(s.Inventory.Entries), maxResources)] {
		// NAMESPACE_NAME_GROUP_KIND; none of them holds an underscore.
		if p := strings.Split(e.ID, "_"); len(p) == 4 {
			g.Resources = append(g.Resources, c.text(p[0]+"/"+strings.ToLower(p[3])+"/"+p[1]))
		}
	}
	return g, nil
}
