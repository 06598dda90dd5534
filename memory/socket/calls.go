package socket

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// Keep implements investigations.Memory.
func (c *Client) Keep(ctx context.Context, traces ...investigations.Trace) error {
	r := keepRequest{Traces: make([]investigations.Trace, 0, len(traces))}
	for _, t := range traces {
		if err := checkKeys(t.Result.ID); err != nil {
			return err
		}
		r.Traces = append(r.Traces, memory.Normalized(t)) // numbers that no document holds are gone then
	}
	_, err := call[noAnswer](ctx, c, callKeep, r)
	return err
}

// Amend implements investigations.Memory.
func (c *Client) Amend(ctx context.Context, id string, a investigations.Amendment) error {
	if err := checkKeys(id); err != nil {
		return err
	}
	_, err := call[noAnswer](ctx, c, callAmend, amendRequest{ID: id, Amendment: a})
	return err
}

// Trace implements investigations.Memory.
func (c *Client) Trace(ctx context.Context, id string) (investigations.Trace, error) {
	if err := checkKeys(id); err != nil {
		return investigations.Trace{}, err
	}
	return call[investigations.Trace](ctx, c, callTrace, idRequest{ID: id})
}

// Heads implements investigations.Memory. All of a listing is fetched before the first head is yielded, so that nobody
// waits for who reads it.
func (c *Client) Heads(ctx context.Context, f investigations.Filter) iter.Seq2[investigations.Head, error] {
	return listing[investigations.Head](ctx, c, callHeads, filterRequest{f}, f.IDs...)
}

// Forget implements investigations.Memory.
func (c *Client) Forget(ctx context.Context, f investigations.Filter) (int, error) {
	if err := checkKeys(f.IDs...); err != nil {
		return 0, err
	}
	a, err := call[countAnswer](ctx, c, callForget, filterRequest{f})
	return a.Count, err
}

// Candidates implements investigations.Index.
func (c *Client) Candidates(ctx context.Context, cue investigations.Cue) (investigations.Candidates, error) {
	return call[investigations.Candidates](ctx, c, callCandidates, cueRequest{cue})
}

// Edges implements investigations.Graph.
func (c *Client) Edges(ctx context.Context, n investigations.GraphNode, limit int) ([]investigations.Edge, int, error) {
	a, err := call[edgesAnswer](ctx, c, callEdges, edgesRequest{Node: n, Limit: limit})
	return a.Edges, a.Total, err
}

// Put implements investigations.Inbox.
func (c *Client) Put(ctx context.Context, item investigations.Item) (bool, error) {
	if err := checkKeys(item.Key); err != nil {
		return false, err
	}
	a, err := call[freshAnswer](ctx, c, callPut, itemRequest{Item: item})
	return a.Fresh, err
}

// Take implements investigations.Inbox.
func (c *Client) Take(ctx context.Context, lease time.Duration) (investigations.Item, error) {
	return call[investigations.Item](ctx, c, callTake, takeRequest{Lease: lease})
}

// Renew implements investigations.Inbox.
func (c *Client) Renew(ctx context.Context, item investigations.Item, lease time.Duration) (investigations.Item, error) {
	if err := checkKeys(item.Key); err != nil {
		return investigations.Item{}, err
	}
	return call[investigations.Item](ctx, c, callRenew, itemRequest{Item: item, Lease: lease})
}

// Done implements investigations.Inbox.
func (c *Client) Done(ctx context.Context, item investigations.Item, why string) error {
	if err := checkKeys(item.Key); err != nil {
		return err
	}
	_, err := call[noAnswer](ctx, c, callDone, itemRequest{Item: item, Why: why})
	return err
}

// Later implements investigations.Inbox.
func (c *Client) Later(ctx context.Context, item investigations.Item, at time.Time, why string) error {
	if err := checkKeys(item.Key); err != nil {
		return err
	}
	_, err := call[noAnswer](ctx, c, callLater, itemRequest{Item: item, At: at, Why: why})
	return err
}

// Begin implements investigations.WorkLog.
func (c *Client) Begin(ctx context.Context, w investigations.Work) (investigations.Work, bool, error) {
	if err := checkKeys(w.Key); err != nil {
		return investigations.Work{}, false, err
	}
	a, err := call[markAnswer](ctx, c, callBegin, workRequest{w})
	return a.Mark, a.First, err
}

// End implements investigations.WorkLog.
func (c *Client) End(ctx context.Context, key, result string) error {
	if err := checkKeys(key); err != nil {
		return err
	}
	_, err := call[noAnswer](ctx, c, callEnd, endRequest{Key: key, Result: result})
	return err
}

// Unfinished implements investigations.WorkLog.
func (c *Client) Unfinished(ctx context.Context) ([]investigations.Work, error) {
	return call[[]investigations.Work](ctx, c, callUnfinished, noRequest{})
}

// PutDocs implements investigations.Shelf.
func (c *Client) PutDocs(ctx context.Context, docs ...investigations.Doc) error {
	for i, d := range docs {
		if err := memory.CheckDoc(d); err != nil {
			return fmt.Errorf("put document %d of %d: %w", i+1, len(docs), err)
		}
	}
	_, err := call[noAnswer](ctx, c, callPutDocs, docsRequest{docs})
	return err
}

// Doc implements investigations.Shelf.
func (c *Client) Doc(ctx context.Context, kind, key string) (investigations.Doc, error) {
	if err := checkKeys(kind, key); err != nil {
		return investigations.Doc{}, err
	}
	return call[investigations.Doc](ctx, c, callDoc, docRequest{Kind: kind, Key: key})
}

// Docs implements investigations.Shelf. It fetches as Heads does.
func (c *Client) Docs(ctx context.Context, kind string) iter.Seq2[investigations.Doc, error] {
	return listing[investigations.Doc](ctx, c, callDocs, kindRequest{kind}, kind)
}

// Backup implements memory.Store. A writer that takes less than a megabyte a second for long is cut off.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	if err := c.usable(ctx); err != nil {
		return err
	}
	watched, stop := c.watch(ctx)
	defer stop()
	response, err := c.send(watched, callBackup, noRequest{})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	out := &remembering{w: w}
	if _, err := io.Copy(out, response.Body); err != nil {
		if out.err != nil {
			return fmt.Errorf("write the backup: %w", out.err)
		}
		return c.cut(watched, err)
	}
	trailer, complete := response.Trailer[errorTrailer]
	switch {
	case !complete || len(trailer) != 1:
		return c.cut(watched, io.ErrUnexpectedEOF)
	case trailer[0] == "":
		return nil
	}
	var failed failure
	doc, err := base64.StdEncoding.DecodeString(trailer[0])
	if err == nil {
		err = json.Unmarshal(doc, &failed)
	}
	if err != nil {
		return c.cut(watched, err)
	}
	return &failed
}

// remembering is a writer that knows whether it was the one that failed.
type remembering struct {
	w   io.Writer
	err error
}

func (r *remembering) Write(b []byte) (n int, err error) {
	n, r.err = r.w.Write(b)
	return n, r.err
}

// Compact implements memory.Store.
func (c *Client) Compact(ctx context.Context) (before, after int64, err error) {
	a, err := call[sizesAnswer](ctx, c, callCompact, noRequest{})
	return a.Before, a.After, err
}

// checkKeys refuses ids and keys that JSON would change on the way.
func checkKeys(keys ...string) error {
	for _, k := range keys {
		if !utf8.ValidString(k) {
			return fmt.Errorf("id or key %q is not UTF-8: %w", k, memory.ErrInvalid)
		}
	}
	return nil
}
