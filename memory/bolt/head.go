package bolt

import (
	"fmt"

	"github.com/oombot/oombot/investigations"
)

// headVersion is the version of the records in the bucket heads.
const headVersion = 1

func encodeHead(h investigations.Head) []byte {
	return encode(headVersion, func(c *coder) { headFields(c, &h) })
}

func decodeHead(record []byte) (investigations.Head, error) {
	var h investigations.Head
	if err := decode(record, headVersion, func(c *coder) { headFields(c, &h) }); err != nil {
		return investigations.Head{}, fmt.Errorf("%w: read a head: %w", ErrDamaged, err)
	}
	return h, nil
}

// headFields is the record of a head, version 1. coder says how it may change.
func headFields(c *coder, h *investigations.Head) {
	text(c, &h.ID)
	c.time(&h.At)
	text(c, &h.Target.Namespace)
	text(c, &h.Target.Pod)
	text(c, &h.Target.Container)
	text(c, &h.Target.Workload)
	text(c, &h.Target.Node)
	featureFields(c, &h.Features)
	c.float(&h.Confidence)
	text(c, &h.Headline)
	texts(c, &h.Actions)
	list(c, &h.Feedback, func(f *investigations.Feedback) {
		text(c, &f.By)
		text(c, &f.Vote)
		c.time(&f.At)
		text(c, &f.Cause)
		text(c, &f.Note)
		text(c, &f.Judged)
	})
	text(c, &h.Outcome.State)
	c.time(&h.Outcome.At)
	text(c, &h.Outcome.Why)
	texts(c, &h.Outcome.Fix)
}

func featureFields(c *coder, f *investigations.Features) {
	text(c, &f.Mechanism)
	text(c, &f.Boundary)
	text(c, &f.Cause)
	text(c, &f.Trigger)
	text(c, &f.Shape)
	text(c, &f.Runtime)
	text(c, &f.Comm)
	text(c, &f.Image)
	text(c, &f.Version)
	texts(c, &f.Changed)
	texts(c, &f.Functions)
	text(c, &f.Culprit)
	text(c, &f.Cluster)
	text(c, &f.Namespace)
	text(c, &f.Workload)
	text(c, &f.Container)
	text(c, &f.Node)
}
