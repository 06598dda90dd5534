package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/oombot/oombot/tools/kubeclient"
)

// NamePermissions are what Anywhere asks for beyond what investigations need anyway, in the form of a Tool's.
func NamePermissions() []string {
	return []string{"list deployments", "list statefulsets", "list daemonsets"}
}

// mostNamesakes bounds how many things of one name are looked at.
const mostNamesakes = 50

// Anywhere looks for what has a name in the namespaces that in allows; nil allows all. kind is one of the words for
// kinds, or empty for all of them. It returns the words for each, which Resolve takes, in the order of their namespaces:
// none where there is nothing. A pod that is gone is looked for where there is what may have made it. An error says that
// something could not be asked; what was found is returned all the same.
//
// It lists by name over all namespaces, from the server's cache, so that the answers are as small as what is found.
func (r *Resolver) Anywhere(ctx context.Context, kind, name string, in func(namespace string) bool) ([]Words, error) {
	kinds := targetKinds
	if kind != "" {
		kinds = []string{kind}
	}
	find := &finding{Resolver: r}
	found, err := find.namesakes(ctx, kinds, name, in)
	if len(found) > 0 || kind != "" && kind != "pod" {
		return found, err
	}
	owner, owned, ok := strings.Cut(guessWorkload(name), "/")
	if !ok {
		return nil, err
	}
	owners, ownersErr := find.namesakes(ctx, []string{owner}, owned, in)
	for i := range owners {
		owners[i].Kind, owners[i].Name = "pod", name
	}
	return owners, errors.Join(err, ownersErr)
}

// namesakes lists what has the name, of each kind at once.
func (f *finding) namesakes(ctx context.Context, kinds []string, name string, in func(string) bool) ([]Words, error) {
	found := make([][]Words, len(kinds))
	faults := make([]error, len(kinds))
	var calls sync.WaitGroup
	for i, kind := range kinds {
		calls.Go(func() {
			objects, err := f.list(ctx, kubeclient.Query{
				Resource: kind + "s", Fields: "metadata.name=" + name, Stale: true, AtMost: mostNamesakes,
			})
			if err != nil {
				faults[i] = fmt.Errorf("look for a %s of the name %s: %w", kind, name, err)
			}
			for _, o := range objects {
				if in == nil || in(o.GetNamespace()) {
					found[i] = append(found[i], Words{Namespace: o.GetNamespace(), Kind: kind, Name: name})
				}
			}
		})
	}
	calls.Wait()
	all := slices.Concat(found...)
	slices.SortStableFunc(all, func(a, b Words) int { return cmp.Compare(a.Namespace, b.Namespace) })
	return all, errors.Join(faults...)
}
