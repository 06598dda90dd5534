package kubeclient

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/oombot/oombot/investigations"
)

// Gathering collects the objects that one live source reads, by resource, and what kept it from reading them. It is
// safe for concurrent use.
type Gathering struct {
	cluster *Cluster
	tool    string

	mu    sync.Mutex
	parts map[string]*gathered
}

// gathered is what became of one resource.
type gathered struct {
	objects []Object
	queries []Query
	faults  []error
}

// NewGathering returns one that holds nothing yet; tool is the source's name.
func NewGathering(c *Cluster, tool string) *Gathering {
	return &Gathering{cluster: c, tool: tool, parts: map[string]*gathered{}}
}

// Get reads an object and keeps it; nil where it is not there or can't be read.
func (g *Gathering) Get(ctx context.Context, resource, namespace, name string) *Object {
	object, err := g.cluster.Get(ctx, resource, namespace, name)
	q := &Query{Resource: resource, Namespace: namespace, name: name}
	if err != nil {
		g.add(resource, q, nil, err)
		return nil
	}
	g.add(resource, q, []Object{*object}, nil)
	return object
}

// List reads the objects that q asks for and keeps them.
func (g *Gathering) List(ctx context.Context, q Query) []Object {
	objects, err := g.cluster.List(ctx, q)
	g.add(q.Resource, &q, objects, err)
	return objects
}

// Try is List, but that what went wrong is the caller's business.
func (g *Gathering) Try(ctx context.Context, q Query) ([]Object, error) {
	objects, err := g.cluster.List(ctx, q)
	g.add(q.Resource, &q, objects, nil)
	return objects, err
}

// Fault keeps what kept the caller from reading a part of a resource.
func (g *Gathering) Fault(resource string, err error) { g.add(resource, nil, nil, err) }

func (g *Gathering) add(resource string, query *Query, objects []Object, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.parts[resource]
	if p == nil {
		p = &gathered{}
		g.parts[resource] = p
	}
	p.objects = append(p.objects, objects...)
	if query != nil {
		p.queries = append(p.queries, *query)
	}
	if err != nil && !errors.Is(err, investigations.ErrNotFound) {
		p.faults = append(p.faults, err)
	}
}

// Write hands the files of the resources to sink. One that nothing was asked of is an empty list: nothing of it
// concerns the target. wouldTell says what a resource tells.
func (g *Gathering) Write(sink investigations.Sink, resources []string, wouldTell func(resource string) string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, resource := range resources {
		p := g.parts[resource]
		if p == nil {
			p = &gathered{}
		}
		path := "kubernetes/" + resource + ".json"
		from := p.origin(resource)
		if len(p.objects) == 0 && len(p.faults) > 0 {
			first := slices.MinFunc(p.faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
			sink.Miss(path, from, first) // they came in any order
			continue
		}
		data, err := ListFile(p.objects)
		if err != nil {
			sink.Miss(path, from, err)
			continue
		}
		sink.Keep(path, from, data)
		for _, fault := range p.faults { // a recording puts them in order
			sink.Blind(investigations.BlindSpot{Tool: g.tool, Why: "not all " + resource + " could be read: " + fault.Error(), WouldTell: wouldTell(resource)})
		}
	}
}

// mostQueries is how many commands an origin names.
const mostQueries = 3

// origin names the commands that show the same objects: those that were asked, or where they are many, one for each
// namespace that shows these objects among others.
func (p *gathered) origin(resource string) investigations.Origin {
	commands := commandsOf(p.queries, Query.String)
	if len(commands) > mostQueries {
		commands = commandsOf(p.queries, func(q Query) string {
			return Query{Resource: q.Resource, Namespace: q.Namespace}.String()
		})
	}
	if len(commands) > mostQueries {
		commands = []string{Query{Resource: resource}.String()}
	}
	o := investigations.Origin{Name: "the API server's list of " + resource, Source: strings.Join(commands, "; ")}
	if len(commands) == 0 {
		o.Source = Query{Resource: resource}.String()
	}
	return o
}

// commandsOf writes queries as commands, each once, in the order of their letters: they were asked at once.
func commandsOf(queries []Query, write func(Query) string) []string {
	var out []string
	for _, q := range queries {
		out = append(out, write(q))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
