package cluster

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	appContainer, proxyContainer = "app", "istio-proxy"
	// variables are how many environment variables the application has.
	variables = 18
)

func imageOf(revision int) string {
	return fmt.Sprintf("registry.example/platform/service:1.%d.0", revision)
}

// podSpec is that of an application with a mesh's proxy beside it.
func podSpec(d, revision int) corev1.PodSpec {
	grace, user, yes, no := int64(30), int64(1000), true, false
	probe := func(path string) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:   corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8080), Scheme: corev1.URISchemeHTTP}},
			TimeoutSeconds: 1, PeriodSeconds: 10, SuccessThreshold: 1, FailureThreshold: 3,
		}
	}
	sized := func(name, image, memory string) corev1.Container {
		amount := corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory), corev1.ResourceCPU: resource.MustParse("250m")}
		return corev1.Container{
			Name: name, Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
			Resources:              corev1.ResourceRequirements{Requests: amount, Limits: amount},
			TerminationMessagePath: "/dev/termination-log", TerminationMessagePolicy: corev1.TerminationMessageReadFile,
			SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes},
			VolumeMounts:    []corev1.VolumeMount{{Name: "kube-api-access", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount", ReadOnly: true}},
		}
	}
	app := sized(appContainer, imageOf(revision), "512Mi")
	app.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}}
	app.LivenessProbe, app.ReadinessProbe = probe("/healthz"), probe("/readyz")
	app.VolumeMounts = append(app.VolumeMounts, corev1.VolumeMount{Name: "tmp", MountPath: "/tmp"}, corev1.VolumeMount{Name: "config", MountPath: "/etc/service"})
	for i := range variables {
		app.Env = append(app.Env, corev1.EnvVar{Name: fmt.Sprintf("SERVICE_SETTING_%02d", i), Value: fmt.Sprintf("https://%s.platform.svc.cluster.local:8443/v%d", deploymentName(d), i)})
	}
	return corev1.PodSpec{
		Containers:    []corev1.Container{app, sized(proxyContainer, "registry.example/istio/proxyv2:1.28.1", "256Mi")},
		RestartPolicy: corev1.RestartPolicyAlways, DNSPolicy: corev1.DNSClusterFirst, TerminationGracePeriodSeconds: &grace,
		ServiceAccountName: "service", SchedulerName: corev1.DefaultSchedulerName, SecurityContext: &corev1.PodSecurityContext{RunAsUser: &user},
		Tolerations: []corev1.Toleration{
			{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
			{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
		},
		Volumes: []corev1.Volume{
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "service-config"}}}},
			{Name: "kube-api-access", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}}},
			}}}},
		},
	}
}

func (b *builder) podObject(i int) *corev1.Pod {
	d, controls := i/perDeployment, true
	templateHash := hash("rs", d, revisions)[:10]
	template := b.template(d, revisions, templateHash)
	address := fmt.Sprintf("10.1.%d.%d", i%b.size.Nodes, 10+i/b.size.Nodes)
	started := b.ago(20 * time.Hour)
	o := &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: b.meta("pod", namespaceName(i/perNamespace), podName(i), uid("pod", i, 0), 20*time.Hour),
		Spec:       template.Spec,
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, HostIP: "10.0.0.1", PodIP: address, PodIPs: []corev1.PodIP{{IP: address}}, StartTime: &started, QOSClass: corev1.PodQOSGuaranteed,
		},
	}
	o.GenerateName, o.Labels = replicaSetName(d, revisions)+"-", template.Labels
	o.Annotations = map[string]string{"sidecar.istio.io/status": `{"initContainers":null,"containers":["istio-proxy"],"volumes":["tmp","config"]}`, "checksum/config": hash("config", d, 0)}
	o.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: replicaSetName(d, revisions), UID: types.UID(uid("rs", d, revisions)), Controller: &controls, BlockOwnerDeletion: &controls,
	}}
	o.Spec.NodeName = b.nodeOf(i)
	for _, c := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		o.Status.Conditions = append(o.Status.Conditions, corev1.PodCondition{Type: c, Status: corev1.ConditionTrue, LastTransitionTime: started})
	}
	for n := range o.Spec.Containers {
		c := &o.Spec.Containers[n]
		o.Status.ContainerStatuses = append(o.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: "registry.example/image@sha256:" + hash("image", revisions, n), Ready: true, Started: &controls,
			ContainerID: "containerd://" + hash("container", i, n), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}},
		})
	}
	if i == 0 {
		b.kill(&o.Status.ContainerStatuses[0], started)
	}
	return o
}

// kill has the container's present life begin when the one before was killed.
func (b *builder) kill(s *corev1.ContainerStatus, started metav1.Time) {
	s.RestartCount = 1
	s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
		ExitCode: 137, Reason: "OOMKilled", StartedAt: started, FinishedAt: b.ago(0), ContainerID: s.ContainerID,
	}
	s.ContainerID = "containerd://" + hash("container", 0, 99)
	s.State.Running.StartedAt = b.ago(-3 * time.Second)
}
