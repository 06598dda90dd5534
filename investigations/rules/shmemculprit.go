package rules

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// shmemCulprit names the container that filled a memory-backed volume, where that is what used up the pod's limit:
// only a container that mounts it can have. What a dead container wrote stays, charged to the pod and to no process,
// so that processes and working sets say little. Where several mount it, the one that grew by most, or holds most.
func (s *scene) shmemCulprit(shares []share) bool {
	if s.shmemShare() < 0.35 || len(shares) < 2 {
		return false
	}
	var mounting []share
	for _, x := range shares {
		if c := containerSpec(s.spec(), x.container); c != nil && s.mountsMemory(c) {
			mounting = append(mounting, x)
		}
	}
	if len(mounting) == 0 || len(mounting) == len(shares) {
		return false // /dev/shm, which every container has, or a volume that all share
	}
	top := slices.MaxFunc(mounting, func(a, b share) int { return compare(a.usage, b.usage) })
	s.culprit = s.party(s.target.Namespace, s.target.Pod, top.container)
	if top.container == s.container {
		s.culprit = s.copyVictim()
	}
	s.fact("culprit/pod", investigations.ToolPods, s.at, s.podSource(), nil,
		"Of the pod's containers, only those that mount a memory-backed volume can have filled it: %s does.", top.container)
	return true
}

func (s *scene) mountsMemory(c *investigations.Container) bool {
	for _, v := range s.spec().Volumes {
		if v.Memory && slices.ContainsFunc(c.Mounts, func(m investigations.Mount) bool { return m.Volume == v.Name }) {
			return true
		}
	}
	return false
}
