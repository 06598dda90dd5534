package cluster

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func (b *builder) meta(kind, namespace, name, id string, age time.Duration) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID(id), CreationTimestamp: b.ago(age),
		Labels: map[string]string{"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/part-of": "platform", "kind": kind},
	}
}

func (b *builder) namespaceObject(i int) *corev1.Namespace {
	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: b.meta("namespace", "", namespaceName(i), uid("namespace", i, 0), 400*24*time.Hour),
		Spec:       corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}},
		Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

func (b *builder) nodeObject(i int) *corev1.Node {
	name := nodeName(i)
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("32652868Ki"),
		corev1.ResourcePods: resource.MustParse("110"), corev1.ResourceEphemeralStorage: resource.MustParse("104845292Ki"),
	}
	n := &corev1.Node{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: b.meta("node", "", name, uid("node", i, 0), 90*24*time.Hour),
		Spec: corev1.NodeSpec{PodCIDR: fmt.Sprintf("10.1.%d.0/24", i%256), ProviderID: "aws:///eu-central-1a/i-" + hash("node", i, 0)[:17]},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.0.%d.%d", i/200, i%200)}, {Type: corev1.NodeHostName, Address: name},
			},
			NodeInfo: corev1.NodeSystemInfo{
				MachineID: hash("machine", i, 0)[:32], SystemUUID: uid("system", i, 0), BootID: uid("boot", i, 0), KernelVersion: "6.12.40-63.114.amzn2023.x86_64",
				OSImage: "Amazon Linux 2023.8", ContainerRuntimeVersion: "containerd://2.1.4", KubeletVersion: "v1.35.2", OperatingSystem: "linux", Architecture: "amd64",
			},
		},
	}
	for _, c := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeReady} {
		status := corev1.ConditionFalse
		if c == corev1.NodeReady {
			status = corev1.ConditionTrue
		}
		n.Status.Conditions = append(n.Status.Conditions, corev1.NodeCondition{
			Type: c, Status: status, LastHeartbeatTime: b.ago(time.Minute), LastTransitionTime: b.ago(80 * 24 * time.Hour), Reason: "KubeletHasEnough", Message: "kubelet has what it needs",
		})
	}
	for image := range 40 {
		n.Status.Images = append(n.Status.Images, corev1.ContainerImage{
			Names: []string{"registry.example/platform/service@sha256:" + hash("image", image, 0)}, SizeBytes: int64(90_000_000 + image),
		})
	}
	return n
}

func labelsOf(deployment int) map[string]string {
	return map[string]string{"app.kubernetes.io/name": deploymentName(deployment), "app.kubernetes.io/instance": deploymentName(deployment)}
}

func (b *builder) deploymentObject(d int) *appsv1.Deployment {
	replicas, history := int32(perDeployment), int32(10)
	o := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: b.meta("deployment", namespaceName(d*perDeployment/perNamespace), deploymentName(d), uid("deployment", d, 0), 300*24*time.Hour),
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, RevisionHistoryLimit: &history, Selector: &metav1.LabelSelector{MatchLabels: labelsOf(d)},
			Template: b.template(d, revisions, ""),
		},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: revisions, Replicas: replicas, UpdatedReplicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas,
			Conditions: []appsv1.DeploymentCondition{{
				Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable", Message: "Deployment has minimum availability.",
				LastUpdateTime: b.ago(20 * time.Hour), LastTransitionTime: b.ago(20 * time.Hour),
			}},
		},
	}
	o.Annotations = map[string]string{"deployment.kubernetes.io/revision": strconv.Itoa(revisions)}
	return o
}

func (b *builder) replicaSetObject(d, revision int) *appsv1.ReplicaSet {
	replicas, name := int32(0), replicaSetName(d, revision)
	if revision == revisions {
		replicas = perDeployment
	}
	labels := labelsOf(d)
	labels["pod-template-hash"] = hash("rs", d, revision)[:10]
	controls := true
	o := &appsv1.ReplicaSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"},
		ObjectMeta: b.meta("replicaset", namespaceName(d*perDeployment/perNamespace), name, uid("rs", d, revision), time.Duration(revisions+1-revision)*20*time.Hour),
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: b.template(d, revision, labels["pod-template-hash"]),
		},
		Status: appsv1.ReplicaSetStatus{Replicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas, ObservedGeneration: 1},
	}
	maps.Copy(o.Labels, labels)
	o.Annotations = map[string]string{"deployment.kubernetes.io/revision": strconv.Itoa(revision), "deployment.kubernetes.io/desired-replicas": "4"}
	o.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "Deployment", Name: deploymentName(d), UID: types.UID(uid("deployment", d, 0)), Controller: &controls, BlockOwnerDeletion: &controls,
	}}
	return o
}

func (b *builder) template(d, revision int, templateHash string) corev1.PodTemplateSpec {
	labels := labelsOf(d)
	if templateHash != "" {
		labels["pod-template-hash"] = templateHash
	}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec(d, revision)}
}

func (b *builder) eventObject(pod, n int) *corev1.Event {
	reason := []string{"Pulled", "Started"}[n%eventsPerPod]
	namespace, name := namespaceName(pod/perNamespace), podName(pod)
	at := b.ago(time.Duration(10+pod%40) * time.Minute)
	if pod == 0 {
		at = b.ago(-5 * time.Second)
	}
	o := &corev1.Event{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Event"}, ObjectMeta: b.meta("event", namespace, name+"."+hash("event", pod, n)[:16], uid("event", pod, n), 0),
		InvolvedObject: corev1.ObjectReference{
			Kind: "Pod", APIVersion: "v1", Namespace: namespace, Name: name, UID: types.UID(uid("pod", pod, 0)), FieldPath: "spec.containers{" + appContainer + "}",
		},
		Reason: reason, Message: "Container " + appContainer + " was " + reason, Type: corev1.EventTypeNormal, Count: 1,
		Source: corev1.EventSource{Component: "kubelet", Host: b.nodeOf(pod)}, FirstTimestamp: at, LastTimestamp: at,
		ReportingController: "kubelet", ReportingInstance: b.nodeOf(pod),
	}
	o.CreationTimestamp, o.Labels = at, nil
	return o
}
