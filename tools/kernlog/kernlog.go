// Package kernlog finds the OOM kills that a kernel log tells of: the parser of the kernel's reports in all
// their generations (2.6.32 to 6.18), read out of any text that a kernel log reaches people in; and the source
// that reads the logs of a bundle.
//
// Scanner reads a log from an io.Reader, Parser takes it line by line from a follower; both yield
// investigations.KernelReport in the order of the log and keep bounded memory, whatever the log. Each line is
// looked at by itself: one file may hold several formats, hosts and callers.
//
// # Reads
//
// From a bundle kernel/NODE.log: dmesg in all its formats (-T in any language, --time-format iso, -x, -r, -H,
// -J, with callers), journalctl (short, short-iso, short-precise, short-monotonic, short-unix, short-full, cat,
// json), syslog files, /dev/kmsg records. Windows line ends, quoting by mails and chats, and lines that
// mails and terminals broke are undone. Lines of systemd, systemd-oomd, earlyoom and the kubelet become user
// kills.
//
// Live writes such files: of each file that is given, a part around the moment where it is over 32 MiB; else of what
// the agent of the node told, where it followed the kernel log without loss at the moment (Render); and else of the
// streams in Loki that hold the node's journal, which it finds by the labels that collectors usually give, with the
// kills behind it that only the agent knows. Of the journal the time around the moment is read in full; the rest of the
// window is searched for kills, of which the latest are then read in full as well, and of earlier ones the lines that
// name the cgroup, its limit and the victim.
//
// # Cannot see
//
// Names that journalctl replaced ("[98B blob data]"). Which container a row of the task table belongs to, where
// a pod or more ran out. Reports that the ring buffer (128 KiB by default, some 15 reports) has dropped, and the
// cgroup of a kill whose report was not printed: the kernel prints ten in five seconds. When something happened,
// in a log with seconds since boot only and no line that tells both. What a user wrote into the kernel's log
// under a kernel's facility. Of one report more than 16384 rows (the larger half is kept, and tasks counts as
// missing), 4096 kills, 1000 cgroups and 256 values of each; more than 64 hosts or callers with an open report
// at once; lines over 1 MiB. Of what a node agent told, the moments of a report's lines but its first. Live: which
// lines are the kernel's, where the collector keeps no label of it; what a program wrote under the kernel's name, where
// it keeps the name and not the transport.
//
// # Permissions
//
// None for a bundle. Live: read the file that is given; query_range and series of Loki; what node agents told is in the
// bot's own store. The node agent reads /dev/kmsg (CAP_SYSLOG).
//
// # Cost
//
// One pass, at half the speed of searching the same bytes for two words; less than 64 MiB resident for a log of
// any size. The source keeps 20,000 reports and 200,000 rows of tables, those nearest to the moment. Live: four
// requests to Loki for the labels, four for the lines, and up to three for earlier kills, each of pages of up to
// 5000 lines and at most 8 MiB.
package kernlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
)

// folder is where a bundle has its kernel logs, ending the end of their names.
const (
	folder = "kernel"
	ending = ".log"
)

// Tool reads the kernel logs of a bundle. It is safe for concurrent use.
type Tool struct {
	fsys fs.FS
}

var _ investigations.Tool = (*Tool)(nil)

// New returns a Tool that reads the bundle in fsys.
func New(fsys fs.FS) *Tool { return &Tool{fsys: fsys} }

// Describe implements investigations.Tool.
func (t *Tool) Describe() investigations.Description {
	return investigations.Description{
		Name: investigations.ToolKernlog,
		Summary: "The kernel's own reports of OOM kills on the target's node: which limit ran out, who was killed, " +
			"what held the memory, and kills by systemd-oomd and its like.",
		Schema:      json.RawMessage(schema),
		Permissions: []string{"read /dev/kmsg (node agent)"},
	}
}

const schema = `{
  "type": "object",
  "properties": {
    "node": {"type": "string", "description": "name of the node"},
    "at": {"type": "string", "format": "date-time", "description": "the moment to look at"}
  },
  "additionalProperties": false
}`

// Query implements investigations.Tool. Its error is ctx's own, where nothing could be read before it ended.
func (t *Tool) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ToolResult{}, fmt.Errorf("read kernel logs: %w", err)
	}
	n := &notes{req: req}
	names, ok := t.list(n)
	if !ok {
		return investigations.ToolResult{BlindSpots: n.spots}, nil
	}
	logs := t.readAll(ctx, req, names)
	ev := &investigations.KernelEvidence{}
	for _, l := range logs {
		n.log(l)
		if l.opened {
			ev.Logs = append(ev.Logs, l.KernelLog)
		}
	}
	res := investigations.ToolResult{BlindSpots: n.blindSpots()}
	if len(ev.Logs) > 0 {
		res.Evidence.Kernel = ev
		res.Facts = facts(req, ev)
	}
	return res, nil
}

// list returns the names of the logs, in order.
func (t *Tool) list(n *notes) (names []string, ok bool) {
	entries, err := fs.ReadDir(t.fsys, folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		n.add("no kernel log was recorded: there is no folder kernel/")
		return nil, false
	case err != nil && len(entries) == 0:
		n.add("kernel/ %s", reason(err))
		return nil, false
	case err != nil:
		n.add("kernel/ was not listed to its end: it %s", reason(err))
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) && len(e.Name()) > len(ending) {
			names = append(names, path.Join(folder, e.Name()))
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		n.add("no kernel log was recorded: kernel/ holds no file that ends in .log")
	}
	return names, len(names) > 0
}

// readAll reads the logs, two at a time, that of the target's node first.
func (t *Tool) readAll(ctx context.Context, req investigations.Request, names []string) []*nodeLog {
	logs := make([]*nodeLog, len(names))
	order := make([]int, len(names))
	for i, name := range names {
		order[i] = i
		logs[i] = &nodeLog{KernelLog: investigations.KernelLog{Node: strings.TrimSuffix(path.Base(name), ending), Source: name}}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return rank(logs[a].Node != req.Target.Node) - rank(logs[b].Node != req.Target.Node)
	})
	budget := limits{reports: max(maxReports/len(names), 100), rows: max(maxKeptRows/len(names), 1000)}
	var g errgroup.Group
	g.SetLimit(2)
	for _, i := range order {
		g.Go(func() error {
			t.read(ctx, req, logs[i], budget)
			return nil
		})
	}
	_ = g.Wait() // no goroutine returns an error: what is wrong with a log stands in its nodeLog
	return logs
}

func rank(later bool) int {
	if later {
		return 1
	}
	return 0
}
