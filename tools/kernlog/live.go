package kernlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/tools/loki"
)

// KernelFile is a kernel log that somebody gives as a file.
type KernelFile struct {
	// Path is the file's; "-" is standard input.
	Path string
	// Node is the node that it is of; empty means the one that the file is called after (NODE.log), if a pod of the
	// target's workload runs there, else the target's.
	Node string
}

// LiveOptions are what a live source of kernel logs needs of its surroundings. Zero values mean the defaults.
type LiveOptions struct {
	// Stdin is read where a file is "-"; none by default.
	Stdin io.Reader
	// Now is the present; time.Now by default.
	Now func() time.Time
	// Agents answers what node agents told; nil where nothing listens to any. Of a node of which there is a file it is not
	// asked, and of one whose agent followed the kernel log at the moment it is asked alone.
	Agents investigations.NodeLedger
}

// Live reads kernel logs from files, what the agent of the target's node told, and the node's journal from Loki. It is safe for concurrent use;
// standard input is read once.
type Live struct {
	files []KernelFile
	loki  *loki.Client
	opt   LiveOptions

	stdin sync.Mutex
	input *excerptOf
}

var (
	_ investigations.LiveSource = (*Live)(nil)
	_ investigations.Checker    = (*Live)(nil)
)

// NewLive returns a Live. A nil loki means that none is configured. Of a node of which there is a file, Loki is
// not asked.
func NewLive(files []KernelFile, loki *loki.Client, opt LiveOptions) *Live {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Live{files: files, loki: loki, opt: opt}
}

// Describe implements investigations.LiveSource.
func (l *Live) Describe() investigations.Description {
	d := (&Tool{}).Describe()
	d.Permissions = []string{"loki query_range, series", "read the file that --kernel-log names"}
	return d
}

// Record implements investigations.LiveSource.
func (l *Live) Record(ctx context.Context, s investigations.Subject, to investigations.Sink) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read kernel logs: %w", err)
	}
	node := nodeOf(s)
	if !l.recordFiles(ctx, s, node, to) {
		l.recordNode(ctx, s, node, to)
	}
	return nil
}

// nodeOf is the node that the investigation is about; empty where that is not known.
func nodeOf(s investigations.Subject) string {
	if s.Node != "" {
		return s.Node
	}
	return s.Request.Target.Node
}

// of is the node that the file is of: where nobody says, the one of the target's pods that it is called after, as a
// bundle's are, else the target's.
func (f KernelFile) of(s investigations.Subject, node string) string {
	if f.Node != "" {
		return f.Node
	}
	name := filepath.Base(f.Path)
	bare := strings.TrimSuffix(name, filepath.Ext(name))
	for _, p := range s.Pods {
		if p.Node != "" && (p.Node == name || p.Node == bare) {
			return p.Node
		}
	}
	return node
}

// recordFiles keeps the files that were given, and says whether one is of the node.
func (l *Live) recordFiles(ctx context.Context, s investigations.Subject, node string, to investigations.Sink) bool {
	kept, taken := false, map[string]int{}
	for _, f := range l.files {
		of := f.of(s, node)
		name := of
		if name == "" {
			name = "kernel"
		}
		if taken[name]++; taken[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, taken[name])
		}
		where := path.Join(folder, strings.ReplaceAll(name, "/", "_")+ending)
		from := investigations.Origin{Name: f.Path, Source: f.Path, File: true}
		if f.Path == "-" {
			from.Name, from.Source = "standard input", "standard input"
		}
		x, err := l.read(ctx, f.Path, s.Request.At)
		if err != nil {
			to.Miss(where, from, fmt.Errorf("%s: %w", from.Name, err))
			continue
		}
		if x.partly() {
			// Its lines are counted from another one on.
			from.File, from.Name = false, "the part around the moment of "+from.Name
			blind(to, "%s %s (oombot kernlog reads files of any size)", from.Source, x.lacks())
		}
		to.Keep(where, from, masked(x.data))
		kept = kept || of == node
	}
	return kept
}

// blind tells what could not be seen of a log that is kept.
func blind(to investigations.Sink, format string, args ...any) {
	n := notes{}
	n.add(format, args...)
	to.Blind(n.spots[0])
}

// masked takes secrets out of a kernel log, which holds few. Every log that is recorded passes here.
func masked(data []byte) []byte { return redact.Log(data) }

// read reads a file, or of a large one the part around the moment.
func (l *Live) read(ctx context.Context, name string, at time.Time) (*excerptOf, error) {
	if name != "-" {
		return readFile(ctx, name, at)
	}
	l.stdin.Lock()
	defer l.stdin.Unlock()
	if l.input != nil {
		again := *l.input
		again.data = bytes.Clone(again.data) // what was given to a sink is the sink's
		return &again, nil
	}
	if l.opt.Stdin == nil {
		return nil, fmt.Errorf("%w: there is no standard input", investigations.ErrNotFound)
	}
	x, err := readExcerpt(ctx, l.opt.Stdin, at)
	if err != nil && len(x.data) == 0 {
		return nil, fileError(err)
	}
	again := *x
	again.data = bytes.Clone(x.data)
	l.input = &again
	return x, nil
}

// fileError wraps an error of the file system in a sentinel, without the path, which the caller names.
func fileError(err error) error {
	kind := investigations.ErrUnavailable
	for sentinel, of := range fileErrors {
		if errors.Is(err, of) {
			kind = sentinel
		}
	}
	return fmt.Errorf("%w: %w", kind, pathless(err))
}
