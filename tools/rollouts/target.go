package rollouts

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// targetWorkload returns the workload that the target is, or whose pod it is; nil where none fits.
func targetWorkload(t investigations.Target, all []investigations.Workload) *investigations.Workload {
	switch {
	case t.Workload != "":
		return named(t, all)
	case t.Pod != "":
		return ownerOf(t.Namespace, t.Pod, all)
	}
	return nil
}

// named finds kind/name, or the workload of that name; among several a Deployment comes first, then the order
// in which they were read.
func named(t investigations.Target, all []investigations.Workload) *investigations.Workload {
	kind, name, both := strings.Cut(t.Workload, "/")
	if !both {
		kind, name = "", kind
	}
	var found *investigations.Workload
	for i := range all {
		w := &all[i]
		if w.Namespace != t.Namespace || w.Name != name || both && w.Kind != kind {
			continue
		}
		if found == nil || w.Kind == "deployment" && found.Kind != "deployment" {
			found = w
		}
	}
	return found
}

// ownerOf finds the workload of a pod by the form of the pod's name, which is that of its owner and a suffix: the
// longest owner's name that fits. The pods' own files are another source's.
func ownerOf(namespace, pod string, all []investigations.Workload) *investigations.Workload {
	var found *investigations.Workload
	longest := 0
	fits := func(w *investigations.Workload, name string) {
		suffix, ok := strings.CutPrefix(pod, name+"-")
		if ok && suffix != "" && !strings.Contains(suffix, "-") && len(name) > longest {
			found, longest = w, len(name)
		}
	}
	for i := range all {
		w := &all[i]
		if w.Namespace != namespace {
			continue
		}
		switch w.Kind {
		case "statefulset", "daemonset", "job", "replicaset":
			fits(w, w.Name)
		default:
			for j := range w.Revisions {
				fits(w, w.Revisions[j].Name)
			}
		}
	}
	if found != nil {
		return found
	}
	// Without ReplicaSets the Deployment's name still tells: NAME-HASH-SUFFIX.
	if i := strings.LastIndexByte(pod, '-'); i > 0 {
		for j := range all {
			if w := &all[j]; w.Namespace == namespace && w.Kind == "deployment" {
				name := pod[:i]
				suffix, ok := strings.CutPrefix(name, w.Name+"-")
				if ok && !strings.Contains(suffix, "-") && len(w.Name) > longest {
					found, longest = w, len(w.Name)
				}
			}
		}
	}
	return found
}

// configMapsOf returns the names of the ConfigMaps that a template takes in, each once.
func configMapsOf(t *investigations.PodTemplate) []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for i := range t.Containers {
		for _, name := range t.Containers[i].EnvFromConfigMaps {
			add(name)
		}
		for _, e := range t.Containers[i].Env {
			add(e.ConfigMap)
		}
	}
	for i := range t.Volumes {
		for _, name := range t.Volumes[i].ConfigMaps {
			add(name)
		}
	}
	return names
}
