package live

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// configHash is the annotation that holds what the kubelet names the cgroup of a static pod by, in place of the uid of
// the mirror pod that the API server has (pkg/kubelet/types/pod_update.go of Kubernetes).
const configHash = "kubernetes.io/config.hash"

// Kill is what somebody who saw a kill on its node knows of who was killed. PodUID is as in the cgroup's path, ContainerID
// without prefix; both are empty for a process outside of pods.
type Kill struct{ Node, PodUID, ContainerID string }

// Killed looks among the pods of a kill's node for the one that it was in, by its uid, or else by its container's id. It
// returns the words for it, which Resolve takes, with the container's name where the id tells it. It costs one list of
// one node's pods. The error wraps ErrNoTarget where no pod that is known is the one.
func (r *Resolver) Killed(ctx context.Context, k Kill) (Words, error) {
	if k.PodUID == "" && k.ContainerID == "" {
		return Words{}, &noTarget{text: "the kill on node " + k.Node + " was in no pod that the kernel told"}
	}
	find := &finding{Resolver: r}
	objects, err := find.list(ctx, kubeclient.PodsOn(k.Node))
	if err != nil {
		err = fmt.Errorf("look among the pods of node %s: %w", k.Node, err)
	}
	pods := kubeclient.AllAs[corev1.Pod](objects) // what could be read of a list that broke off
	for i := range pods {
		if k.isOf(&pods[i]) {
			return Words{Namespace: pods[i].Namespace, Kind: "pod", Name: pods[i].Name, Container: k.container(&pods[i])}, nil
		}
	}
	if err != nil && !errors.Is(err, investigations.ErrNotFound) {
		return Words{}, err
	}
	return Words{}, &noTarget{text: "no pod with " + k.what() + " on node " + k.Node + " is known any more"}
}

// what says by what a pod is looked for.
func (k Kill) what() string {
	if k.PodUID != "" {
		return "uid " + investigations.CleanText(k.PodUID, 64)
	}
	return "container " + investigations.CleanText(k.ContainerID, 64)
}

// isOf says whether a pod is the one that the kill was in.
func (k Kill) isOf(p *corev1.Pod) bool {
	if k.PodUID != "" {
		return string(p.UID) == k.PodUID || p.Annotations[configHash] == k.PodUID
	}
	return k.container(p) != ""
}

// container returns the name of the container of a pod whose id the kill has; "" where none has or had it just before.
func (k *Kill) container(p *corev1.Pod) string {
	if k == nil || k.ContainerID == "" {
		return ""
	}
	for _, list := range [][]corev1.ContainerStatus{
		p.Status.InitContainerStatuses, p.Status.ContainerStatuses, p.Status.EphemeralContainerStatuses,
	} {
		for i := range list {
			if slices.Contains(subjectContainer(&list[i]).IDs, k.ContainerID) {
				return list[i].Name
			}
		}
	}
	return ""
}

// podUID is the uid of the pod that is asked for; "" where it is not known.
func (a Ask) podUID() string {
	if a.Kill == nil {
		return ""
	}
	return a.Kill.PodUID
}

// isOther says whether the pod of the asked name is another one than the pod that is meant: one that was made later, or
// that has another uid.
func (f *finding) isOther(p *corev1.Pod) bool {
	if uid := f.ask.podUID(); uid != "" {
		return !f.ask.Kill.isOf(p)
	}
	return !f.s.Request.At.IsZero() && p.CreationTimestamp.After(f.before())
}
