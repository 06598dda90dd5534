package live

import (
	"context"
	"io/fs"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Recording is what Tool needs of a recording: bundle.Recording is one.
type Recording interface {
	investigations.Sink
	// FS is what was recorded until now.
	FS() fs.FS
	// BlindSpots are those that were recorded for a tool.
	BlindSpots(tool string) []investigations.BlindSpot
}

// Tool is a live source as investigations.Tool: it records what the source reads, and then reads that as it
// would read a bundle.
type Tool struct {
	source  investigations.LiveSource
	subject investigations.Subject
	to      Recording
	read    func(fs.FS) investigations.Tool
}

var _ investigations.Tool = (*Tool)(nil)

// NewTool returns the tool that records source into to, about the subject, and has read's tool read it.
func NewTool(
	source investigations.LiveSource, subject investigations.Subject, to Recording, read func(fs.FS) investigations.Tool,
) *Tool {
	return &Tool{source: source, subject: subject, to: to, read: read}
}

// Describe implements investigations.Tool.
func (t *Tool) Describe() investigations.Description { return t.source.Describe() }

// readingShare is how much of the time that is left is kept for reading what was recorded.
const readingShare = 10

// Query implements investigations.Tool.
func (t *Tool) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	if err := t.record(ctx); err != nil {
		return investigations.ToolResult{}, err
	}
	return investigations.WithBlindSpots(t.read(t.to.FS()), t.to.BlindSpots).Query(ctx, req)
}

func (t *Tool) record(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*(readingShare-1)/readingShare)
		defer cancel()
	}
	return t.source.Record(ctx, t.subject, t.to)
}
