package cgroup

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// Pods returns the path of a tree of pods of its own, as a kubelet with --cgroup-root makes it.
func Pods() string { return fmt.Sprintf("/oombot-e2e-%s/kubepods", NewContainerID()[:8]) }

// NewPodUID returns a uid as Kubernetes writes it.
func NewPodUID() string {
	b := randomBytes(16)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// NewContainerID returns an id as a container runtime writes it.
func NewContainerID() string { return hex.EncodeToString(randomBytes(32)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
