// Package logs reads containers' logs, of a bundle or of a running cluster, and reduces them to the lines that may
// explain a kill: a runtime's own out-of-memory error, a large request, input or job, a signal, a child that was
// killed. It owns the recognition of such lines; what follows from them is judged elsewhere.
//
// # Reads
//
// logs/NAMESPACE/POD/CONTAINER.log and CONTAINER.previous.log, as kubectl logs --timestamps prints them, and
// logs that lack those timestamps: then the time that the program wrote is taken, as UTC where it names no
// zone, and a line without any has the time of the line before it. Lines may be JSON, carry colours, end in
// CRLF. The target's logs are read first. Text that is kept has the values of passwords, tokens and keys
// masked.
//
// Live writes such files: from the API's pods/log of all containers of the target's pod, current and previous,
// and of those containers that restarted of a few other pods of the workload; the last 10,000 lines and, where
// these do not reach back to the moment, the lines around it. A pod that is gone, a life before the two that the
// cluster keeps, and what a kubelet does not give are read from Loki where one is configured: the last lines
// before ten minutes behind the moment. Lines of Loki up to the moment stand in CONTAINER.previous.log, later
// ones in CONTAINER.log.
//
// # Cannot see
//
// What was not logged: a process that the kernel kills writes no last line. A log tells of an error in words,
// and words that merely mention one are told apart by their form only. Lines over 1 MiB are skipped, and beyond
// 500 logs or 512 MiB nothing more is read; blind spots say so. Live: what the node has rotated away and Loki
// never got; where one life ends and the next begins in the lines of Loki; the rest of a line over 256 KiB.
//
// # Permissions
//
// None for a bundle. Live: get pods/log in the target's namespace; query_range and series of Loki.
//
// # Cost
//
// One pass over each file, some 150 MB a second; a few megabytes of memory for one log at a time, and at most
// 220 lines of each are kept. Live: one or two requests for each life of a container, of at most 16 MiB each,
// of which up to 4 MiB are kept, six at a time, with up to four other pods; of Loki one request for the labels
// and a page of up to 5000 lines at a time.
package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Tool reads the logs of a bundle. It is safe for concurrent use.
type Tool struct {
	fsys fs.FS
}

var _ investigations.Tool = (*Tool)(nil)

// New returns a Tool that reads the bundle in fsys.
func New(fsys fs.FS) *Tool { return &Tool{fsys: fsys} }

// Describe implements investigations.Tool.
func (t *Tool) Describe() investigations.Description {
	return investigations.Description{
		Name: investigations.ToolLogs,
		Summary: "Lines of the containers' logs that may explain a kill: out-of-memory errors of runtimes, large " +
			"requests, inputs and jobs, signals, killed children.",
		Schema:      json.RawMessage(schema),
		Permissions: []string{"get pods/log"},
	}
}

const schema = `{
  "type": "object",
  "properties": {
    "namespace": {"type": "string", "description": "namespace of the pod"},
    "pod": {"type": "string", "description": "name of the pod"},
    "container": {"type": "string", "description": "name of a container of the pod"},
    "at": {"type": "string", "format": "date-time", "description": "the moment to look at"}
  },
  "additionalProperties": false
}`

const (
	// maxLogs bounds the files and maxBytes what is read of them together; maxMatches bounds what is kept.
	maxLogs    = 500
	maxBytes   = 512 << 20
	maxMatches = 20_000
)

// Query implements investigations.Tool. Its error is ctx's own, where nothing could be read before it ended.
func (t *Tool) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ToolResult{}, fmt.Errorf("read logs: %w", err)
	}
	n := &notes{}
	files, ok := t.list(ctx, req.Target, n)
	if !ok {
		return investigations.ToolResult{BlindSpots: n.spots}, nil
	}
	ev := &investigations.LogEvidence{}
	left, matches := int64(maxBytes), 0
	for i, f := range files {
		switch {
		case ctx.Err() != nil:
			n.add("%s and %d more logs were not read for want of time", f.path, len(files)-i-1)
		case left <= 0:
			n.add("%s and %d more logs were not read: more than %s of logs", f.path, len(files)-i-1,
				investigations.FormatBytes(int64(maxBytes)))
		default:
			l, size := t.read(ctx, f, req.At, n)
			if l == nil {
				continue
			}
			left -= size
			if matches += len(l.Matches); matches > maxMatches {
				l.Matches = nil
				n.add("%s: its lines were left out, other logs hold more than %d", f.path, maxMatches)
			}
			ev.Logs = append(ev.Logs, *l)
			continue
		}
		break
	}
	n.coverage(req, ev.Logs)
	return investigations.ToolResult{
		Evidence: investigations.Evidence{Logs: ev}, Facts: facts(req, ev.Logs), BlindSpots: n.spots,
	}, nil
}

// read reads one log; nil where nothing of it could be read. It also returns how many bytes it had.
func (t *Tool) read(ctx context.Context, f file, at time.Time, n *notes) (*investigations.ContainerLog, int64) {
	src, err := t.fsys.Open(f.path)
	if err != nil {
		n.add("%s %s", f.path, reason(err))
		return nil, 0
	}
	defer src.Close()
	r := newReading(f, at)
	err = r.readAll(ctx, src)
	if err != nil {
		n.add("%s %s; what stands before that was read", f.path, reason(err))
	}
	if r.lines.skipped > 0 {
		n.add("%s: %d lines longer than %s were skipped", f.path, r.lines.skipped,
			investigations.FormatBytes(int64(maxLine)))
	}
	if err != nil && r.log.Lines == 0 {
		return nil, 0
	}
	return r.finish(), r.lines.size
}

// notes collect what could not be seen.
type notes struct {
	spots []investigations.BlindSpot
}

func (n *notes) add(format string, args ...any) {
	n.spots = append(n.spots, investigations.BlindSpot{
		Tool: investigations.ToolLogs, Why: investigations.CleanText(fmt.Sprintf(format, args...), 400),
		WouldTell: investigations.WouldTell(investigations.ToolLogs),
	})
}

// reason says why a file could not be read.
func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "was not read to its end for want of time"
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return "can't be read: " + investigations.CleanText(err.Error(), 200)
}
