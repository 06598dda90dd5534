package kubeclient

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
)

// Node converts a node; source is where it was found.
func (c *Converter) Node(from *corev1.Node, source string) (investigations.Node, error) {
	if from.Name == "" {
		return investigations.Node{}, ErrNoName
	}
	info := &from.Status.NodeInfo
	n := investigations.Node{
		Name: c.text(from.Name), Labels: c.textMap(from.Labels),
		KernelVersion: c.text(info.KernelVersion), KubeletVersion: c.text(info.KubeletVersion),
		Runtime: c.text(info.ContainerRuntimeVersion), OSImage: c.text(info.OSImage), BootID: c.text(info.BootID),
		Unschedulable: from.Spec.Unschedulable,
		Source:        source,
	}
	if b := memory(from.Status.Capacity); b != nil {
		n.CapacityBytes = *b
	}
	if b := memory(from.Status.Allocatable); b != nil {
		n.AllocatableBytes = *b
	}
	if info.Swap != nil {
		n.SwapBytes = info.Swap.Capacity
	}
	n.Conditions = mapped(from.Status.Conditions, func(s *corev1.NodeCondition) investigations.Condition {
		return investigations.Condition{
			Type: c.text(string(s.Type)), Status: c.text(string(s.Status)), Reason: c.text(s.Reason),
			Message: clip(s.Message), At: timeOf(&s.LastTransitionTime),
		}
	})
	return n, nil
}

// Namespace converts a namespace; source is where it was found.
func (c *Converter) Namespace(from *corev1.Namespace, source string) (investigations.Namespace, error) {
	if from.Name == "" {
		return investigations.Namespace{}, ErrNoName
	}
	return investigations.Namespace{
		Name: c.text(from.Name), Labels: c.textMap(from.Labels), Created: timeOf(&from.CreationTimestamp),
		Deleted: timeOf(from.DeletionTimestamp), Source: source,
	}, nil
}

// LimitRange converts a LimitRange; source is where it was found. Where several of its items set the same, the
// last one counts, as it does for the API server.
func (c *Converter) LimitRange(from *corev1.LimitRange, source string) (investigations.LimitRange, error) {
	if from.Name == "" {
		return investigations.LimitRange{}, ErrNoName
	}
	l := investigations.LimitRange{
		Namespace: c.text(from.Namespace), Name: from.Name, Created: timeOf(&from.CreationTimestamp),
		Changed: c.changes(from.ManagedFields), Source: source,
	}
	set := func(to **int64, list corev1.ResourceList) {
		if b := memory(list); b != nil {
			*to = b
		}
	}
	for _, item := range from.Spec.Limits {
		switch item.Type {
		case corev1.LimitTypeContainer:
			set(&l.DefaultLimit, item.Default)
			set(&l.DefaultRequest, item.DefaultRequest)
			set(&l.Max, item.Max)
			set(&l.Min, item.Min)
		case corev1.LimitTypePod:
			set(&l.PodMax, item.Max)
		}
	}
	return l, nil
}

// Quota converts a ResourceQuota; source is where it was found. Its hard bounds are the spec's, and
// where that holds none the ones that the status enforces.
func (c *Converter) Quota(from *corev1.ResourceQuota, source string) (investigations.ResourceQuota, error) {
	if from.Name == "" {
		return investigations.ResourceQuota{}, ErrNoName
	}
	of := func(names ...corev1.ResourceName) func(lists ...corev1.ResourceList) *int64 {
		return func(lists ...corev1.ResourceList) *int64 {
			for _, list := range lists {
				for _, name := range names {
					if b := bytesIn(list, name); b != nil {
						return b
					}
				}
			}
			return nil
		}
	}
	limits := of(corev1.ResourceLimitsMemory)
	requests := of(corev1.ResourceRequestsMemory, corev1.ResourceMemory) // memory is short for requests.memory
	return investigations.ResourceQuota{
		Namespace: c.text(from.Namespace), Name: from.Name, Source: source,
		HardLimits: limits(from.Spec.Hard, from.Status.Hard), UsedLimits: limits(from.Status.Used),
		HardRequests: requests(from.Spec.Hard, from.Status.Hard), UsedRequests: requests(from.Status.Used),
	}, nil
}
