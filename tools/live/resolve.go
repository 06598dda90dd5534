package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// Errors of Resolve.
var (
	// ErrNoTarget says that nothing of that name is there, nor a trace of it.
	ErrNoTarget = errors.New("nothing of that name was found")
	// ErrAmbiguous says that several workloads have the name; the error's text lists them.
	ErrAmbiguous = errors.New("several workloads have that name")
)

// Past knows what the API server has forgotten, or never knew. Implementations are safe for concurrent use.
type Past interface {
	// LastSeen returns when and where the pod was last seen before the moment; a zero time where it never was.
	LastSeen(ctx context.Context, namespace, pod string, before time.Time) (at time.Time, node string, err error)
	// LastKill returns when the kernel last killed a process in one of the pods between two moments, up to some minutes
	// late; a zero time where it did not. Kubernetes itself says nothing of a child that was killed.
	LastKill(ctx context.Context, namespace string, pods []string, from, before time.Time) (at time.Time, err error)
}

// Ask is what Resolve is asked.
type Ask struct {
	Words
	// At is the moment of the kill or the alert; zero: the latest kill of the target that the cluster knows of.
	At time.Time
	// Window is how far back to look; zero means the default.
	Window  time.Duration
	Cluster string
	// Kill says whose kill it is, where somebody saw it on its node: At is its own moment then. A pod of the asked name
	// with another uid is not the one, and one of which nothing is left was there all the same. Nil where nobody did.
	Kill *Kill
}

// Resolver finds targets. Its fields are not changed while it is used.
type Resolver struct {
	Cluster *kubeclient.Cluster
	// Past may be nil.
	Past Past
	Now  func() time.Time
	// Patience is how long one call may take; zero: as long as the context lasts. What a call does not tell is done
	// without.
	Patience time.Duration
}

// Resolve finds what a asks for. Where the API server can't be asked, the subject holds what the words say, and the
// sources will say what they miss; a context that is done ends the asking only. Its errors wrap ErrNoTarget or
// ErrAmbiguous.
func (r *Resolver) Resolve(ctx context.Context, a Ask) (investigations.Subject, error) {
	s := investigations.Subject{Request: investigations.Request{
		At: a.At, Window: a.Window, Cluster: a.Cluster, PodUID: a.podUID(),
		Target: investigations.Target{Namespace: a.Namespace, Container: a.Container, Node: a.Node},
	}}
	if s.Request.Window <= 0 {
		s.Request.Window = investigations.DefaultWindow
	}
	find := &finding{Resolver: r, s: s, ask: a}
	defer find.foresee(ctx)()
	var err error
	switch {
	case a.Node != "":
		err = find.node(ctx)
	case a.Kind == "pod":
		err = find.pod(ctx)
	case a.Kind != "":
		err = find.workload(ctx, a.Kind)
	default:
		err = find.named(ctx)
	}
	if err != nil {
		return investigations.Subject{}, fmt.Errorf("find %s: %w", a.Words, err)
	}
	find.moment(ctx)
	return find.s, nil
}

// finding is one target being found.
type finding struct {
	*Resolver
	ask Ask
	s   investigations.Subject
	// pods are those whose ends tell the moment of the kill.
	pods []corev1.Pod
	// events are about the target, where its pods do not tell enough.
	events []kubeclient.Object
	// successor is a younger pod of the target's name: a StatefulSet gives the pod that it makes anew the name of the
	// one before.
	successor types.UID
}

// get reads an object, within the resolver's patience.
func (f *finding) get(ctx context.Context, resource, namespace, name string) (*kubeclient.Object, error) {
	ctx, cancel := f.patiently(ctx)
	defer cancel()
	return f.Cluster.Get(ctx, resource, namespace, name)
}

// list reads objects, within the resolver's patience.
func (f *finding) list(ctx context.Context, q kubeclient.Query) ([]kubeclient.Object, error) {
	ctx, cancel := f.patiently(ctx)
	defer cancel()
	return f.Cluster.List(ctx, q)
}

func (f *finding) patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.Patience <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, f.Patience)
}

// foresee asks for the owner that a pod of the target's name will turn out to have, while the pod itself is asked for:
// the answer is there then when it is needed. The function that it returns waits for its end.
func (f *finding) foresee(ctx context.Context) (wait func()) {
	var calls sync.WaitGroup
	if f.ask.Node == "" && (f.ask.Kind == "" || f.ask.Kind == "pod") {
		if podName.MatchString(f.ask.Name) {
			// What it finds, or not, is asked for again by whoever needs it.
			calls.Go(func() { _, _ = f.get(ctx, "replicasets", f.ask.Namespace, cutLast(f.ask.Name)) })
		}
	}
	return calls.Wait
}

// named finds a pod of that name, else the one workload of that name, else a trace of a pod that is gone.
func (f *finding) named(ctx context.Context) error {
	kinds := targetKinds
	found, faults := f.getAll(ctx, kinds)
	if found["pod"] != nil {
		return f.withPod(ctx, found["pod"], nil)
	}
	var fits []string
	for _, kind := range kinds {
		if found[kind] != nil {
			fits = append(fits, kind)
		}
	}
	switch {
	case faults["pod"] != nil && (len(fits) == 0 || f.ask.Container != ""):
		return f.withPod(ctx, nil, faults["pod"])
	case len(fits) == 0:
		return f.gone(ctx)
	case f.ask.Container != "":
		return fmt.Errorf("%w: %s/%s is a %s, and only a pod's container can be asked for: ask for %s/%s/%s, or for one of its pods",
			ErrNoTarget, f.ask.Namespace, f.ask.Name, fits[0], f.ask.Namespace, fits[0], f.ask.Name)
	case len(fits) > 1:
		return f.ambiguous(fits)
	}
	return f.withWorkload(ctx, fits[0], found[fits[0]])
}

// getAll asks for the objects of the target's name of several kinds at once. faults holds what could not be asked.
func (f *finding) getAll(ctx context.Context, kinds []string) (found map[string]*kubeclient.Object, faults map[string]error) {
	type answer struct {
		kind   string
		object *kubeclient.Object
		err    error
	}
	answers := make(chan answer, len(kinds))
	for _, kind := range kinds {
		go func() { // ends with its call, whose context is ours
			object, err := f.get(ctx, kind+"s", f.ask.Namespace, f.ask.Name)
			answers <- answer{kind, object, err}
		}()
	}
	found, faults = map[string]*kubeclient.Object{}, map[string]error{}
	for range kinds {
		a := <-answers
		switch {
		case a.err == nil:
			found[a.kind] = a.object
		case !errors.Is(a.err, investigations.ErrNotFound):
			faults[a.kind] = a.err
		}
	}
	return found, faults
}

func (f *finding) ambiguous(kinds []string) error {
	var lines []string
	for _, kind := range kinds {
		lines = append(lines, f.ask.Namespace+"/"+kind+"/"+f.ask.Name)
	}
	return fmt.Errorf("%w: ask for one of %s", ErrAmbiguous, strings.Join(lines, ", "))
}

func (f *finding) pod(ctx context.Context) error {
	pod, err := f.get(ctx, "pods", f.ask.Namespace, f.ask.Name)
	if errors.Is(err, investigations.ErrNotFound) {
		return f.gone(ctx)
	}
	return f.withPod(ctx, pod, err)
}

// withPod takes the pod, or, where it could not be asked for, its name.
func (f *finding) withPod(ctx context.Context, object *kubeclient.Object, fault error) error {
	f.s.Request.Target.Pod = f.ask.Name
	if fault != nil {
		f.s.Workload = guessWorkload(f.ask.Name)
		if f.ask.Kill != nil {
			f.s.Node = f.ask.Kill.Node
		}
		return nil
	}
	pod, err := kubeclient.As[corev1.Pod](object)
	if err != nil {
		return err
	}
	if f.isOther(&pod) {
		f.successor = pod.UID
		return f.gone(ctx)
	}
	if err := f.checkContainer(&pod); err != nil {
		return err
	}
	if f.s.Request.Target.Container == "" {
		f.s.Request.Target.Container = f.ask.Kill.container(&pod)
	}
	f.pods = []corev1.Pod{pod}
	f.s.Node = pod.Spec.NodeName
	var node sync.WaitGroup
	var addresses []string
	node.Go(func() { addresses = f.addressesOf(ctx, pod.Spec.NodeName) })
	owner := f.owner(ctx, &pod)
	f.s.Workload, f.s.Selector = owner.ref(), owner.selector
	f.addPods(ctx, &pod)
	node.Wait()
	f.s.NodeAddresses = addresses
	return nil
}

func (f *finding) checkContainer(pod *corev1.Pod) error {
	if f.ask.Container == "" {
		return nil
	}
	var names []string
	for _, c := range kubeclient.ContainersOf(pod) {
		if c == f.ask.Container {
			return nil
		}
		names = append(names, c)
	}
	if kind := meantKind(f.ask.Name); kind != "" {
		return fmt.Errorf("%w: did you mean %s/%s/%s?", ErrNoTarget, f.ask.Namespace, kind, f.ask.Container)
	}
	return fmt.Errorf("%w: pod %s has no container %s; it has %s", ErrNoTarget, pod.Name, f.ask.Container, strings.Join(names, ", "))
}

func (f *finding) workload(ctx context.Context, kind string) error {
	object, err := f.get(ctx, kind+"s", f.ask.Namespace, f.ask.Name)
	switch {
	case errors.Is(err, investigations.ErrNotFound):
		return fmt.Errorf("%w: namespace %s has no %s %s", ErrNoTarget, f.ask.Namespace, kind, f.ask.Name)
	case err != nil:
		f.s.Request.Target.Workload = kind + "/" + f.ask.Name
		f.s.Workload = f.s.Request.Target.Workload
		return nil
	}
	return f.withWorkload(ctx, kind, object)
}

func (f *finding) withWorkload(ctx context.Context, kind string, object *kubeclient.Object) error {
	f.s.Request.Target.Workload = kind + "/" + f.ask.Name
	f.s.Workload = f.s.Request.Target.Workload
	f.s.Selector = f.selectorOf(ctx, kind, object)
	f.addPods(ctx, nil)
	if pod := f.latest(); pod != nil {
		f.s.Node = pod.Spec.NodeName
	}
	f.addNode(ctx)
	return nil
}

func (f *finding) node(ctx context.Context) error {
	f.s.Node = f.ask.Node
	_, err := f.get(ctx, "nodes", "", f.ask.Node)
	if errors.Is(err, investigations.ErrNotFound) && f.ask.Kill == nil {
		return fmt.Errorf("%w: the cluster has no node %s", ErrNoTarget, f.ask.Node)
	}
	f.addNode(ctx)
	pods, _ := f.list(ctx, kubeclient.PodsOn(f.ask.Node)) // the pods' source tells what is wrong with it
	f.pods = kubeclient.AllAs[corev1.Pod](pods)
	return nil
}

// addNode adds the node's addresses, where they can be read.
func (f *finding) addNode(ctx context.Context) { f.s.NodeAddresses = f.addressesOf(ctx, f.s.Node) }

// addressesOf returns what else a node is known by; nothing where it can't be read.
func (f *finding) addressesOf(ctx context.Context, name string) []string {
	if name == "" {
		return nil
	}
	object, err := f.get(ctx, "nodes", "", name)
	if err != nil {
		return nil
	}
	node, err := kubeclient.As[corev1.Node](object)
	if err != nil {
		return nil
	}
	var out []string
	for _, a := range node.Status.Addresses {
		if a.Address != "" && a.Address != name {
			out = append(out, a.Address)
		}
	}
	return out
}
