package main

import (
	"context"
	"net"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/heap"
	"github.com/oombot/oombot/tools/nodeagent/names"
	"github.com/oombot/oombot/tools/nodeagent/recorder"
	"github.com/oombot/oombot/tools/profiles"
)

// kubeletPort is the kubelet's (KubeletConfiguration.port).
const kubeletPort = "10250"

// namesOptions says where the names of the node's pods come from.
func (p *agentParts) namesOptions() (o names.Options, err error) {
	o = names.Options{
		Source: string(p.config.Pods), Node: p.config.Node, CAFile: p.config.KubeletCAFile, KubeletInsecure: p.config.KubeletInsecure,
		OnEviction: func(k investigations.UserKill) { p.agent.UserKill(k) }, Annotations: heap.Annotations(), Log: p.log,
	}
	if p.config.KubeletToken.Set() {
		o.Token = p.config.KubeletToken.Value
	}
	if p.config.Pods == config.PodsAPI {
		o.REST, err = names.Config(p.kubernetes.Kubeconfig, p.kubernetes.Context)
	}
	if p.config.Pods == config.PodsKubelet && p.config.NodeIP != "" {
		o.KubeletURL = "https://" + net.JoinHostPort(p.config.NodeIP, kubeletPort)
	}
	return o, err
}

// buildNames makes what knows the names of the node's pods. Without it the bot finds them by their uids.
func (p *agentParts) buildNames() {
	o, err := p.namesOptions()
	if err == nil {
		p.names, err = names.New(o)
	}
	if err != nil {
		p.names = nil
		p.log.Warn("the names of pods are not known; the bot looks them up by their uids", "err", err)
		p.blind = append(p.blind, "the names of pods are not known: "+err.Error())
	}
}

// buildHeap makes what reads heap profiles, where names of pods are known: the pods announce where.
func (p *agentParts) buildHeap() error {
	if p.names == nil || p.config.Pods == config.PodsNone || !p.config.HeapProfiles {
		return nil
	}
	p.onProfile = func(n investigations.NodeProfile) { p.agent.Profile(n) }
	var err error
	p.heap, err = heap.New(heap.Options{OnProfile: p.profile, Log: p.log})
	return err
}

// profileMemory bounds what an agent takes of memory to read a profile, in bytes: several times what a large program's has.
const profileMemory = 48 << 20

// profile hands a heap profile over, without the secrets that its labels may hold: it stands on the node's disk until it
// is delivered.
func (p *agentParts) profile(n investigations.NodeProfile) {
	p.profiling.Lock()
	defer p.profiling.Unlock()
	clean, err := profiles.Redacted(n.Data, profileMemory)
	if err != nil {
		p.log.Warn("a heap profile is left out", "pod", n.Namespace+"/"+n.Pod, "container", n.Container, "err", err)
		return
	}
	n.Data = clean
	p.onProfile(n)
}

// near has a heap profile read of a container that comes near its limit. It returns at once.
func (p *agentParts) near(c recorder.Container) {
	if p.heap == nil || c.ContainerID == "" {
		return
	}
	if pod, ok := p.names.Subject(c.PodUID); ok {
		p.heap.Near(p.reading, pod, c.ContainerID)
	}
}

// name returns what a pod and a container are called, as far as that is known.
func (p *agentParts) name(podUID, containerID string) (namespace, pod, container string) {
	if p.names == nil {
		return "", "", ""
	}
	return p.names.Name(podUID, containerID)
}

// pod returns what waits for the name of a pod; nil where none is ever known.
func (p *agentParts) pod() func(context.Context, string) (investigations.NodePod, bool) {
	if p.names == nil {
		return nil
	}
	return p.names.Wait
}
