package incidents

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// Kind is one sort of incident that Write can make.
type Kind struct {
	// Name is what Write takes, as leak_after_deploy.
	Name string
	// Teaches is one sentence: what a right diagnosis has to get right here.
	Teaches string

	build func(*scene)
	// sequelTo is the kind whose cluster and workload the kind takes up again, days later.
	sequelTo string
	// on narrows the platforms that the kind can happen on; nil admits all.
	on func(platform) bool
	// breaks names the files that are damaged on purpose.
	breaks []string
	// window and step are the kind's own where they matter; zero means the default.
	window, step time.Duration
}

// Options steer Write. The zero value makes a bundle of 24 h at 30 s with a handful of neighbours.
type Options struct {
	// Small makes a bundle that is small enough to be shipped: a short window, a wide step, few pods.
	Small bool
	// Window and Step replace the kind's own; zero keeps them.
	Window, Step time.Duration
	// Neighbours is how many unrelated pods share the node; zero lets the seed choose.
	Neighbours int
}

// Kinds returns the catalogue, in a fixed order.
func Kinds() []Kind {
	var all []Kind
	for _, part := range [][]Kind{
		leakKinds(),
		onsetKinds(),
		undersizedKinds(),
		settlingKinds(),
		trafficKinds(),
		spikeKinds(),
		cronKinds(),
		runtimeKinds(),
		configKinds(),
		podKinds(),
		podLimitKinds(),
		clockKinds(),
		nodeKinds(),
		neighbourKinds(),
		notOOMKinds(),
		blindKinds(),
		miscKinds(),
		realKinds(),
		outsideKinds(),
		recordedKinds(),
	} {
		all = append(all, part...)
	}
	return all
}

// Write makes the incident of a kind and seed in dir, which is created where it is missing and must be empty
// of other bundles' files. The same kind, seed and options give the same bytes. The error names an unknown
// kind, a file that can't be written, or an incident that contradicts itself.
func Write(dir, kind string, seed uint64, opt Options) error {
	for _, k := range Kinds() {
		if k.Name != kind {
			continue
		}
		s := newScene(k, seed, opt)
		k.build(s)
		files, err := s.render()
		if err != nil {
			return fmt.Errorf("make %s-%d: %w", kind, seed, err)
		}
		return writeFiles(dir, files)
	}
	return fmt.Errorf("unknown kind of incident %q", kind)
}

// newRand returns the generator of randomness of a kind and seed.
func newRand(kind string, seed uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(kind))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// damaged says that the kind breaks a file of its bundles on purpose.
func (k Kind) damaged(name string) bool {
	for _, f := range k.breaks {
		if f == name {
			return true
		}
	}
	return false
}
