package toolstest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// LiveOptions say what the suite of live sources works with.
type LiveOptions struct {
	// Subject is something that the source's system holds.
	Subject investigations.Subject
	// Read makes the tool that reads what the source keeps.
	Read func(fs.FS) investigations.Tool
	// Secrets stand in what the system answers, and may not be kept or told.
	Secrets []string
}

// TestLive runs the suite on the live source that newSource makes, over a system that answers. newSource is called for
// each check.
func TestLive(t *testing.T, newSource func() investigations.LiveSource, opts LiveOptions) {
	t.Helper()
	s := liveSuite{newSource, opts}
	for _, c := range liveChecks {
		t.Run(c.name, func(t *testing.T) {
			for _, fault := range c.run(s) {
				t.Error(fault)
			}
		})
	}
}

// liveSuite is one live source under test.
type liveSuite struct {
	newSource func() investigations.LiveSource
	opts      LiveOptions
}

var liveChecks = []struct {
	name string
	run  func(liveSuite) []string
}{
	{"description", liveSuite.description},
	{"files are a bundle's", liveSuite.filesAreABundles},
	{"what is kept is read", liveSuite.keptIsRead},
	{"no secret is kept", liveSuite.noSecret},
	{"same files twice", liveSuite.sameTwice},
	{"same files concurrently", liveSuite.sameConcurrently},
	{"cancelled before", liveSuite.cancelledEarly},
	{"nothing is asked for", liveSuite.emptySubject},
}

// sink takes what a source reads.
type sink struct {
	mu      sync.Mutex
	files   fstest.MapFS
	origins map[string]investigations.Origin
	missed  map[string]error
	spots   []investigations.BlindSpot
}

var _ investigations.Sink = (*sink)(nil)

// Keep takes a file.
func (s *sink) Keep(path string, from investigations.Origin, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path], s.origins[path] = &fstest.MapFile{Data: data}, from
}

// Miss takes why there is no file.
func (s *sink) Miss(path string, from investigations.Origin, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missed[path] = why; s.files[path] == nil {
		s.origins[path] = from
	}
}

// Blind takes a blind spot.
func (s *sink) Blind(spot investigations.BlindSpot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spots = append(s.spots, spot)
}

// misses says whether a path, or a folder that it is in, was missed.
func (s *sink) misses(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if s.missed[name] != nil {
			return true
		}
	}
	return false
}

// record has a source read.
func (s liveSuite) record(ctx context.Context, source investigations.LiveSource, subject investigations.Subject) (*sink, []string) {
	to := &sink{files: fstest.MapFS{}, origins: map[string]investigations.Origin{}, missed: map[string]error{}}
	if err := source.Record(ctx, subject, to); err != nil {
		return to, faultf("Record fails: %v", err)
	}
	return to, nil
}

func (s liveSuite) description() []string {
	source := s.newSource()
	d := source.Describe()
	var faults []string
	if diff := cmp.Diff(d, source.Describe()); diff != "" {
		faults = append(faults, "the description changes:\n"+diff)
	}
	if name := s.opts.Read(fstest.MapFS{}).Describe().Name; name != d.Name {
		faults = append(faults, fmt.Sprintf("the source is %q, and the tool that reads it %q", d.Name, name))
	}
	return faults
}

// bundlePath is what a bundle's files are called, and bundleFolder a folder of them.
var (
	bundlePath = regexp.MustCompile(`^(?:kernel/[^/]+\.log|kubernetes/[a-z]+\.json|metrics/[a-z_]+\.json|recorder/[^/]+\.json|` +
		`logs/[^/]+/[^/]+/[^/]+\.log|profiles/[^/]+/[^/]+/[^/]+/\d{8}T\d{6}Z\.pb\.gz)$`)
	bundleFolder = regexp.MustCompile(`^(?:kernel|kubernetes|metrics|recorder|(?:logs|profiles)(?:/[^/]+){0,3})$`)
)

func (s liveSuite) filesAreABundles() []string {
	to, faults := s.record(context.Background(), s.newSource(), s.opts.Subject)
	for name := range to.files {
		if !fs.ValidPath(name) || !bundlePath.MatchString(name) {
			faults = append(faults, fmt.Sprintf("%q is kept, which is no file of a bundle", name))
		}
	}
	for name, why := range to.missed {
		if !fs.ValidPath(name) || !bundlePath.MatchString(name) && !bundleFolder.MatchString(name) || why == nil {
			faults = append(faults, fmt.Sprintf("%q is missed for %v, which is no part of a bundle or no reason", name, why))
		}
	}
	for name, o := range to.origins {
		if o.Name == "" || o.Source == "" || unclean(o.Name) || unclean(o.Source) {
			faults = append(faults, fmt.Sprintf("%s has no clean origin: %+v", name, o))
		}
	}
	for _, b := range to.spots {
		if b.Tool != s.newSource().Describe().Name || b.Why == "" || b.WouldTell == "" {
			faults = append(faults, fmt.Sprintf("a blind spot is not complete: %+q", b))
		}
	}
	return faults
}

func (s liveSuite) keptIsRead() []string {
	to, faults := s.record(context.Background(), s.newSource(), s.opts.Subject)
	if len(to.files) == 0 {
		return append(faults, "nothing is kept")
	}
	r, err := s.opts.Read(to.files).Query(context.Background(), s.opts.Subject.Request)
	if err != nil || len(r.Facts) == 0 {
		faults = append(faults, fmt.Sprintf("what is kept gives %d facts, %v", len(r.Facts), err))
	}
	return faults
}

func (s liveSuite) noSecret() []string {
	to, faults := s.record(context.Background(), s.newSource(), s.opts.Subject)
	texts := map[string]string{}
	for name, f := range to.files {
		texts[name] = string(f.Data)
	}
	for name, o := range to.origins {
		texts["the origin of "+name] = o.Name + " " + o.Source
	}
	for name, why := range to.missed {
		texts["why "+name+" is missed"] = why.Error()
	}
	for _, b := range to.spots {
		texts["a blind spot"] += b.Why + " "
	}
	for _, where := range slices.Sorted(maps.Keys(texts)) {
		for _, secret := range s.opts.Secrets {
			if strings.Contains(texts[where], secret) {
				faults = append(faults, fmt.Sprintf("%s holds the secret %q", where, secret))
			}
		}
	}
	return faults
}

// differ says what two records differ in.
func differ(a, b *sink) string {
	files := func(s *sink) map[string]string {
		out := map[string]string{}
		for name, f := range s.files {
			out[name] = string(f.Data)
		}
		for name, why := range s.missed {
			out["missed: "+name] = why.Error()
		}
		for _, spot := range s.spots { // their order is the recording's business
			out["blind: "+spot.Why] = spot.WouldTell
		}
		return out
	}
	return cmp.Diff(files(a), files(b)) + cmp.Diff(a.origins, b.origins)
}

func (s liveSuite) sameTwice() []string {
	first, faults := s.record(context.Background(), s.newSource(), s.opts.Subject)
	again, more := s.record(context.Background(), s.newSource(), s.opts.Subject)
	faults = append(faults, more...)
	if diff := differ(first, again); diff != "" {
		faults = append(faults, "asked again, it keeps otherwise:\n"+diff)
	}
	return faults
}

// sameConcurrently is for the race detector above all.
func (s liveSuite) sameConcurrently() []string {
	source := s.newSource()
	want, faults := s.record(context.Background(), source, s.opts.Subject)
	found := make([]string, 3)
	var wg sync.WaitGroup
	for i := range found {
		wg.Go(func() {
			got, more := s.record(context.Background(), source, s.opts.Subject)
			if diff := differ(want, got); diff != "" || len(more) > 0 {
				found[i] = fmt.Sprintf("asked concurrently, it keeps otherwise (%v):\n%s", more, diff)
			}
		})
	}
	wg.Wait()
	return append(faults, nonEmpty(found)...)
}

// cancelledEarly has no time at all: what would be kept is missed, or is the same.
func (s liveSuite) cancelledEarly() []string {
	whole, faults := s.record(context.Background(), s.newSource(), s.opts.Subject)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	start := time.Now()
	to := &sink{files: fstest.MapFS{}, origins: map[string]investigations.Origin{}, missed: map[string]error{}}
	err := s.newSource().Record(ctx, s.opts.Subject, to)
	if took := time.Since(start); took > promptly {
		faults = append(faults, fmt.Sprintf("it took %s after its time was over", took))
	}
	switch {
	case errors.Is(err, context.Canceled):
		return faults // it could not look at all, and says so
	case err != nil:
		faults = append(faults, fmt.Sprintf("Record fails: %v, which is not that its time was over", err))
	}
	for name, f := range whole.files {
		kept := to.files[name]
		if !to.misses(name) && (kept == nil || string(kept.Data) != string(f.Data)) {
			faults = append(faults, name+" is neither whole nor missed")
		}
	}
	return faults
}

// emptySubject has nobody know what the target is.
func (s liveSuite) emptySubject() []string {
	_, faults := s.record(context.Background(), s.newSource(), investigations.Subject{
		Request: investigations.Request{At: s.opts.Subject.Request.At, Window: s.opts.Subject.Request.Window},
	})
	return faults
}
