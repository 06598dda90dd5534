package profiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/tools/announce"
	"github.com/oombot/oombot/tools/endpoint"
)

const (
	// podTimeout bounds the reading of one pod's profile.
	podTimeout = 5 * time.Second
	// maxScraped is how many pods are read: the target, and one to compare it with.
	maxScraped = 2
)

// announced returns the endpoint that a pod announces, and whose it is.
func (l *Live) announced(p plan, pod *investigations.SubjectPod) (announce.Endpoint, error) {
	t, err := announce.Of(pod, l.opt.AllowLoopback)
	if err == nil && t.Container == "" {
		t.Container = p.soleContainer()
	}
	return t, err
}

// recordPods keeps what the pprof endpoints of the target and of one other pod of its workload say now. What it
// returns went wrong.
func (l *Live) recordPods(ctx context.Context, p plan, keep *keeper) []error {
	pods := l.scrapable(p)
	results := make([]error, len(pods))
	var calls errgroup.Group
	for i, pod := range pods {
		calls.Go(func() error {
			if err := l.recordPod(ctx, p, pod, keep); err != nil {
				results[i] = fmt.Errorf("pprof endpoint of %s/%s: %w", pod.Namespace, pod.Name, err)
			}
			return nil
		})
	}
	_ = calls.Wait() // the calls return no errors
	var faults []error
	for _, err := range results {
		if err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// scrapable returns the pods to read: those that run and announce an endpoint, the target first, then one of another
// revision if there is one. The address of a pod that has ended may be another's by now.
func (l *Live) scrapable(p plan) []*investigations.SubjectPod {
	var own, older, same []*investigations.SubjectPod
	for i := range p.subject.Pods {
		pod := &p.subject.Pods[i]
		if _, err := l.announced(p, pod); errors.Is(err, announce.ErrNone) || pod.Namespace != p.namespace || !runs(pod) {
			continue
		}
		switch {
		case pod.Name == p.pod:
			own = append(own, pod)
		case revision(pod.Name) != revision(p.pod):
			older = append(older, pod)
		default:
			same = append(same, pod)
		}
	}
	pods := append(append(own, older...), same...)
	return pods[:min(len(pods), maxScraped)]
}

func runs(pod *investigations.SubjectPod) bool {
	return slices.ContainsFunc(pod.Containers, func(c investigations.SubjectContainer) bool { return c.Running })
}

func (l *Live) recordPod(ctx context.Context, p plan, pod *investigations.SubjectPod, keep *keeper) error {
	t, err := l.announced(p, pod)
	if err != nil {
		return fmt.Errorf("%w: %w", investigations.ErrUnavailable, err)
	}
	data, err := l.scrape(ctx, t.URL)
	if err != nil {
		return err
	}
	return keep.keep(pod.Namespace, pod.Name, t.Container, l.opt.Now(), data, investigations.Origin{
		Name:   fmt.Sprintf("the pprof endpoint of %s/%s", pod.Name, t.Container),
		Source: "go tool pprof " + t.URL,
	})
}

// scrape returns an endpoint's profile, unpacked.
func (l *Live) scrape(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", investigations.ErrUnavailable, investigations.CleanText(err.Error(), 200))
	}
	res, err := l.pods.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", investigations.ErrUnavailable, investigations.CleanText(redact.Text(err.Error()), 200))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		if err := endpoint.Failure(res.StatusCode, ""); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: status %d, which is no profile", investigations.ErrUnavailable, res.StatusCode)
	}
	data, err := unpack(io.LimitReader(res.Body, maxUnpacked+1))
	if err != nil {
		if errors.Is(err, investigations.ErrTooLarge) {
			return nil, err
		}
		return nil, broken(err)
	}
	return data, nil
}
