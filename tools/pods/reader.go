package pods

import (
	"context"
	"fmt"
	"io/fs"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
)

// The files that are read.
const (
	podsFile       = "kubernetes/pods.json"
	nodesFile      = "kubernetes/nodes.json"
	eventsFile     = "kubernetes/events.json"
	namespacesFile = "kubernetes/namespaces.json"
	rangesFile     = "kubernetes/limitranges.json"
	quotasFile     = "kubernetes/resourcequotas.json"
)

// largeFile is what New takes for large: half a second's work.
const largeFile = 24 << 20

// maxTargetNodes is on how many nodes of a workload its neighbours are looked at.
const maxTargetNodes = 50

// reader reads one answer.
type reader struct {
	fsys  fs.FS
	large int64
	req   investigations.Request
	conv  *kubeclient.Converter
	ev    investigations.PodEvidence

	// looked says that at least one file was there, and usable that one could be read.
	looked, usable bool

	missing []string
	spots   []investigations.BlindSpot
	// nodes are where the target runs; known once they were looked for.
	nodes      []string
	nodesKnown bool
}

func newReader(t *Tool, req investigations.Request) *reader {
	return &reader{fsys: t.fsys, large: t.large, req: req, conv: kubeclient.New()}
}

func (r *reader) readAll(ctx context.Context) {
	r.ev.HasPods = into(ctx, r, podsFile, "Pod", (*kubeclient.Converter).Pod, &r.ev.Pods)
	r.ev.HasNodes = into(ctx, r, nodesFile, "Node", (*kubeclient.Converter).Node, &r.ev.Nodes)
	r.ev.HasEvents = into(ctx, r, eventsFile, "Event", (*kubeclient.Converter).Event, &r.ev.Events)
	into(ctx, r, namespacesFile, "Namespace", (*kubeclient.Converter).Namespace, &r.ev.Namespaces)
	into(ctx, r, rangesFile, "LimitRange", (*kubeclient.Converter).LimitRange, &r.ev.LimitRanges)
	into(ctx, r, quotasFile, "ResourceQuota", (*kubeclient.Converter).Quota, &r.ev.Quotas)
}

// into reads one file into a list. It reports whether the file was looked at.
func into[F, T any](
	ctx context.Context, r *reader, file, kind string, convert func(*kubeclient.Converter, *F, string) (T, error), to *[]T,
) bool {
	opt := kubeclient.Options{Kind: kind, Managed: file == rangesFile, Want: r.want(ctx, file)}
	reading := kubeclient.Read(ctx, r.fsys, file, opt, func(source string, item *F) error {
		object, err := convert(r.conv, item, source)
		if err == nil {
			*to = append(*to, object)
		}
		return err
	})
	switch {
	case reading.Missing:
		r.missing = append(r.missing, file)
	default:
		r.looked = true
		if reading.Why != "" {
			r.blind(reading.Why, wouldTell[file])
		}
	}
	r.usable = r.usable || reading.Usable
	return reading.Usable
}

// want returns which items of a file are to be decoded; nil where all are.
func (r *reader) want(ctx context.Context, file string) func(raw []byte) bool {
	info, err := fs.Stat(r.fsys, file)
	if err != nil || info.Size() <= r.large || file == namespacesFile {
		return nil
	}
	var words []string
	if r.req.Target.Namespace != "" && file != nodesFile {
		words = append(words, r.req.Target.Namespace)
	}
	nodes := r.targetNodes(ctx)
	if len(nodes) == 0 && (file == podsFile || file == nodesFile) {
		return nil // any node may be the one
	}
	return kubeclient.Holding(append(words, nodes...))
}

// targetNodes looks for the nodes that the target runs on, in a pass over the pods that decodes only those that
// may be it.
func (r *reader) targetNodes(ctx context.Context) []string {
	t := r.req.Target
	if r.nodesKnown {
		return r.nodes
	}
	r.nodesKnown = true
	if t.Node != "" {
		r.nodes = []string{t.Node}
	}
	if t.Namespace == "" {
		return r.nodes
	}
	opt := kubeclient.Options{Kind: "Pod", Want: kubeclient.Holding([]string{t.Namespace})}
	seen := map[string]bool{}
	kubeclient.Read(ctx, r.fsys, podsFile, opt, func(_ string, p *placedPod) error {
		pod := investigations.Pod{Namespace: p.Namespace, Name: p.Name}
		if ref := metav1.GetControllerOfNoCopy(p); ref != nil {
			pod.OwnerName = ref.Name
		}
		if node := p.Spec.NodeName; node != "" && isTarget(t, &pod) && !seen[node] && len(seen) < maxTargetNodes {
			seen[node] = true
			r.nodes = append(r.nodes, node)
			if t.Pod != "" {
				return kubeclient.ErrStop
			}
		}
		return nil
	})
	return r.nodes
}

// placedPod is the part of a pod that says whose it is and where.
type placedPod struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		NodeName string `json:"nodeName"`
	} `json:"spec"`
}

func (r *reader) blind(why, tell string) {
	r.spots = append(r.spots, investigations.BlindSpot{
		Tool: investigations.ToolPods, Why: investigations.CleanText(why, 400), WouldTell: tell,
	})
}

func (r *reader) blindf(tell, format string, args ...any) {
	r.blind(fmt.Sprintf(format, args...), tell)
}
