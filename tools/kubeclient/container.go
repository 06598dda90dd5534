package kubeclient

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
)

// containers converts a pod spec's containers in the order in which they start.
func (c *Converter) containers(spec *corev1.PodSpec) []investigations.Container {
	all := make([]corev1.Container, 0, len(spec.InitContainers)+len(spec.Containers)+len(spec.EphemeralContainers))
	all = append(append(all, spec.InitContainers...), spec.Containers...)
	for _, e := range spec.EphemeralContainers {
		all = append(all, corev1.Container(e.EphemeralContainerCommon))
	}
	var out []investigations.Container
	for i := range all {
		kind := investigations.ContainerApp
		switch {
		case i < len(spec.InitContainers):
			kind = investigations.ContainerInit
			if p := all[i].RestartPolicy; p != nil && *p == corev1.ContainerRestartPolicyAlways {
				kind = investigations.ContainerSidecar
			}
		case i >= len(spec.InitContainers)+len(spec.Containers):
			kind = investigations.ContainerEphemeral
		}
		out = append(out, c.container(&all[i], kind, all))
	}
	return out
}

func (c *Converter) container(from *corev1.Container, kind string, all []corev1.Container) investigations.Container {
	ct := investigations.Container{
		Name: c.text(from.Name), Kind: kind, Image: c.text(from.Image),
		Env:            c.env(from, all),
		MemoryRequest:  memory(from.Resources.Requests),
		MemoryLimit:    limit(from.Resources.Limits),
		RawMemoryLimit: c.text(written(from.Resources.Limits)),
		HasLiveness:    from.LivenessProbe != nil,
		HasStartup:     from.StartupProbe != nil,
	}
	known := map[string]string{}
	for _, v := range ct.Env {
		if v.Value != "" {
			known[v.Name] = v.Value
		}
	}
	argument := func(s *string) string { return c.text(expand(*s, known)) }
	ct.Command, ct.Args = mapped(safeArgs(from.Command), argument), mapped(safeArgs(from.Args), argument)
	for _, e := range from.EnvFrom {
		if e.ConfigMapRef != nil {
			ct.EnvFromConfigMaps = append(ct.EnvFromConfigMaps, c.text(e.ConfigMapRef.Name))
		}
	}
	ct.Mounts = mapped(from.VolumeMounts, func(m *corev1.VolumeMount) investigations.Mount {
		return investigations.Mount{Volume: c.text(m.Name), Path: c.text(m.MountPath)}
	})
	for _, p := range from.ResizePolicy {
		if p.ResourceName == corev1.ResourceMemory {
			ct.MemoryResizePolicy = c.text(string(p.RestartPolicy))
		}
	}
	return ct
}

// addStatuses fills in what the status says about containers. A status without a container in the spec is left
// out.
func (c *Converter) addStatuses(containers []investigations.Container, status *corev1.PodStatus) {
	for i := range containers {
		ct := &containers[i]
		statuses := status.ContainerStatuses
		switch ct.Kind {
		case investigations.ContainerInit, investigations.ContainerSidecar:
			statuses = status.InitContainerStatuses
		case investigations.ContainerEphemeral:
			statuses = status.EphemeralContainerStatuses
		}
		for j := range statuses {
			if statuses[j].Name == ct.Name {
				c.addStatus(ct, &statuses[j])
				break
			}
		}
	}
}

func (c *Converter) addStatus(ct *investigations.Container, s *corev1.ContainerStatus) {
	ct.ImageID = c.text(s.ImageID)
	ct.Restarts, ct.Ready = s.RestartCount, s.Ready
	ct.State, ct.LastState = c.state(&s.State), c.state(&s.LastTerminationState)
	ct.ContainerID = containerID(s.ContainerID)
	for _, state := range []investigations.ContainerState{ct.State, ct.LastState} {
		if ct.ContainerID == "" && state.Terminated != nil {
			ct.ContainerID = state.Terminated.ContainerID
		}
	}
	if s.Resources != nil {
		ct.AllocatedLimit = limit(s.Resources.Limits)
	}
}

func (c *Converter) state(s *corev1.ContainerState) investigations.ContainerState {
	var out investigations.ContainerState
	if s.Running != nil {
		out.RunningSince = timeOf(&s.Running.StartedAt)
	}
	if s.Waiting != nil {
		out.WaitingReason, out.WaitingMessage = c.text(s.Waiting.Reason), clip(s.Waiting.Message)
	}
	if t := s.Terminated; t != nil {
		out.Terminated = &investigations.Termination{
			Reason: c.text(t.Reason), Message: clip(t.Message), ExitCode: t.ExitCode, Signal: t.Signal,
			StartedAt: timeOf(&t.StartedAt), FinishedAt: timeOf(&t.FinishedAt), ContainerID: containerID(t.ContainerID),
		}
	}
	return out
}

// containerID cuts off the runtime, as in containerd://ID.
func containerID(s string) string {
	if _, id, ok := strings.Cut(s, "://"); ok {
		return id
	}
	return s
}
