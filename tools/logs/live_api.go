package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxStream is how much of one log is read from the cluster's API at most, most of which is not kept: a log
	// can only be read from its beginning on, or from a time on.
	maxStream = 16 << 20
	// before are how long before the moment a log is read again from, where its last lines do not reach back to
	// the moment: the second where too much was written within the first.
	before, shortBefore = 15 * time.Minute, 90 * time.Second
	// quietLines is how many lines are read of a log that has had none in the window.
	quietLines = 20
)

// container reads the logs of one container.
func (r *recording) container(ctx context.Context, p *podPlan, c *containerPlan) {
	c.current, c.why = r.life(ctx, p, c, false)
	if c.restarts > 0 {
		previous, why := r.life(ctx, p, c, true)
		c.previous = previous
		if c.why == nil {
			c.why = why
		}
	}
	// While a container waits to be started again, its last life is what is called its current one, too.
	if !c.running && c.current != nil && c.previous != nil && bytes.Equal(c.current.data, c.previous.data) {
		c.current = nil
	}
	for _, previous := range []bool{false, true} {
		life := c.current
		if previous {
			life = c.previous
		}
		if life != nil && len(life.data) > 0 {
			r.keep(c.path(p, previous), origin(p, c, previous), life.data)
		}
	}
}

func origin(p *podPlan, c *containerPlan, previous bool) investigations.Origin {
	o := investigations.Origin{
		Name:   fmt.Sprintf("the log of %s/%s", p.name, c.name),
		Source: fmt.Sprintf("kubectl logs -n %s %s -c %s --timestamps --tail=%d", p.namespace, p.name, c.name, c.lines),
	}
	if previous {
		o.Name, o.Source = fmt.Sprintf("the log of the life before of %s/%s", p.name, c.name), o.Source+" --previous"
	}
	return o
}

// life reads the log of one life of a container: its last lines and, where these do not reach back to the moment,
// the lines around the moment. It is nil where there is none.
func (r *recording) life(ctx context.Context, p *podPlan, c *containerPlan, previous bool) (*part, error) {
	req := r.subject.Request
	opt := &corev1.PodLogOptions{Container: c.name, Previous: previous, Timestamps: true}
	tail := func(lines int64, since time.Time) (*part, error) {
		o := opt.DeepCopy()
		o.TailLines, o.LimitBytes = new(lines), new(int64(maxStream))
		if !since.IsZero() {
			o.SinceTime = &metav1.Time{Time: since}
		}
		return r.stream(ctx, p, o, time.Time{}, c.bytes)
	}
	out, err := tail(c.lines, req.From())
	if err == nil && out != nil && out.size >= maxStream {
		// The limit of bytes cuts off the end: fewer lines have their end.
		out, err = tail(c.lines/16+1, req.From())
	}
	if err == nil && out != nil && out.lines == 0 {
		return tail(quietLines, time.Time{})
	}
	if err != nil || out == nil || !out.dropped && out.lines < c.lines || !out.first.After(req.At.Add(-margin)) {
		return out, err
	}
	for _, back := range []time.Duration{before, shortBefore} {
		o := opt.DeepCopy()
		o.SinceTime, o.LimitBytes = &metav1.Time{Time: req.At.Add(-back)}, new(int64(maxStream))
		around, err := r.stream(ctx, p, o, req.At.Add(after), c.bytes)
		if err != nil || around == nil || around.lines == 0 {
			return out, nil // the last lines are there at least
		}
		if around.size < maxStream || !around.last.Before(req.At) {
			return around, nil
		}
	}
	if out.first.After(req.At) {
		r.blind("%s: so much was written that its lines at %s could not be read", origin(p, c, previous).Name, clock(req.At))
	}
	return out, nil
}

// stream reads one answer. A log that is not there, for a good reason, is nil without an error. What was read
// before a stream broke off counts as read, and that it broke off is a blind spot.
func (r *recording) stream(ctx context.Context, p *podPlan, o *corev1.PodLogOptions, until time.Time, keep int64) (*part, error) {
	name := origin(p, &containerPlan{name: o.Container}, o.Previous).Name
	src, err := r.open(ctx, p, o)
	if err != nil {
		return nil, apiError(ctx, p, o.Container, err)
	}
	defer src.Close()
	out, err := readPart(src, until, keep, *o.LimitBytes)
	out.trim(keep)
	switch {
	case out.lines > 0 && out.first.IsZero():
		// The kubelet writes its own errors where the log would stand; only they have no time.
		return nil, fmt.Errorf("%w: the kubelet says: %s", investigations.ErrUnavailable, investigations.CleanText(string(out.data), 200))
	case err != nil && out.lines == 0:
		return nil, apiError(ctx, p, o.Container, err)
	case err != nil && ctx.Err() != nil:
		r.blind("%s was not read to its end for want of time: it is read up to %s", name, clock(out.last))
	case err != nil:
		r.blind("%s broke off: it is read up to %s", name, clock(out.last))
	}
	return out, nil
}

const (
	// opens is how often a log is asked for while the API server can't be reached, with a pause between.
	opens     = 3
	openPause = 300 * time.Millisecond
)

// open asks for a log, again where the API server is not there at the moment. client-go itself waits and repeats
// where the server says for how long.
func (r *recording) open(ctx context.Context, p *podPlan, o *corev1.PodLogOptions) (io.ReadCloser, error) {
	if r.live.client == nil {
		return nil, fmt.Errorf("a cluster is %w", investigations.ErrNotConfigured)
	}
	for n := 1; ; n++ {
		src, err := r.live.client.CoreV1().Pods(p.namespace).GetLogs(p.name, o).Stream(ctx)
		var status apierrors.APIStatus
		if err == nil || n == opens || errors.As(err, &status) || ctx.Err() != nil {
			return src, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(openPause):
		}
	}
}

// apiError says what an error of the API means; nil where the log need not be there.
func apiError(ctx context.Context, p *podPlan, container string, err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err // the address says nothing about why, and is long
	}
	text := investigations.CleanText(err.Error(), 200)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: the log did not come in time: %w", investigations.ErrUnavailable, ctx.Err())
	case apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err):
		return fmt.Errorf("%w: the logs of namespace %s; grant the verb get on pods/log there (kubectl auth can-i get pods/log -n %s)",
			investigations.ErrForbidden, p.namespace, p.namespace)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("%w: the pod %s/%s or its container %s is gone", investigations.ErrNotFound, p.namespace, p.name, container)
	case apierrors.IsBadRequest(err) && strings.Contains(text, "previous terminated container"):
		return nil // it has no life before, or no log of it any more
	case apierrors.IsBadRequest(err) && (strings.Contains(text, "waiting to start") || strings.Contains(text, "is not available")):
		return nil // it never ran
	case errors.Is(err, investigations.ErrNotConfigured):
		return err
	case strings.Contains(text, ":10250"):
		return fmt.Errorf("%w: the API server can't reach the kubelet of the pod's node: %s", investigations.ErrUnavailable, text)
	}
	return fmt.Errorf("%w: %s", investigations.ErrUnavailable, text)
}

// settle looks in Loki for what the cluster does not have of a pod, and notes what is not there either.
func (r *recording) settle(ctx context.Context, p *podPlan) {
	at := r.subject.Request.At
	var lacking []*containerPlan
	for _, c := range p.containers {
		if c.lacks(at) {
			lacking = append(lacking, c)
		}
	}
	if len(lacking) == 0 {
		return
	}
	if r.live.loki != nil {
		r.fromLoki(ctx, &podPlan{namespace: p.namespace, name: p.name, target: p.target, containers: lacking})
		return
	}
	for _, c := range lacking {
		r.notThere(p, c, fmt.Errorf("loki is %w: with loki.url set its lines would be read there", investigations.ErrNotConfigured))
	}
}

// notThere notes that a container's log at the moment is neither in the cluster nor, as why says, in Loki.
func (r *recording) notThere(p *podPlan, c *containerPlan, why error) {
	if c.why != nil {
		joined := c.why
		if !errors.Is(why, investigations.ErrNotConfigured) {
			joined = fmt.Errorf("%w; and in Loki: %s", c.why, investigations.CleanText(why.Error(), 150))
		}
		previous := c.restarts > 0 && c.previous == nil
		r.miss(miss{path: c.path(p, previous), folder: p.folder(), from: origin(p, c, previous), why: joined})
		return
	}
	r.blind("the log of %s/%s at %s is gone: it has restarted %d times, and the cluster keeps two lives, from %s on; %s",
		p.name, c.name, clock(r.subject.Request.At), c.restarts, clock(c.first()), investigations.CleanText(why.Error(), 150))
}
