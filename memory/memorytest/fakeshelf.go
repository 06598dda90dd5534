package memorytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// PutDocs implements investigations.Shelf.
func (f *Fake) PutDocs(ctx context.Context, docs ...investigations.Doc) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	defer f.mu.Unlock()
	staged := slices.Clone(f.docs)
	for i, d := range docs {
		var body bytes.Buffer
		err := memory.CheckDoc(d)
		if err == nil && len(d.Body) > 0 {
			err = json.Compact(&body, d.Body)
		}
		if err != nil {
			return fmt.Errorf("put document %d of %d: %w", i+1, len(docs), err)
		}
		at, found := slices.BinarySearchFunc(staged, d, byName)
		if found {
			staged = slices.Delete(staged, at, at+1)
		}
		if d.Body = body.Bytes(); len(d.Body) > 0 {
			staged = slices.Insert(staged, at, d)
		}
	}
	f.docs = staged
	return nil
}

// Doc implements investigations.Shelf.
func (f *Fake) Doc(ctx context.Context, kind, key string) (investigations.Doc, error) {
	if err := f.enter(ctx); err != nil {
		return investigations.Doc{}, err
	}
	defer f.mu.Unlock()
	at, found := slices.BinarySearchFunc(f.docs, investigations.Doc{Kind: kind, Key: key}, byName)
	if !found {
		return investigations.Doc{}, memory.NoDoc(kind, key)
	}
	return copyOfDoc(f.docs[at]), nil
}

// Docs implements investigations.Shelf.
func (f *Fake) Docs(ctx context.Context, kind string) iter.Seq2[investigations.Doc, error] {
	return func(yield func(investigations.Doc, error) bool) {
		if err := f.enter(ctx); err != nil {
			yield(investigations.Doc{}, err)
			return
		}
		docs := slices.Clone(f.docs)
		f.mu.Unlock()
		for _, d := range docs {
			if d.Kind != kind {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(investigations.Doc{}, fmt.Errorf("list documents: %w", err))
				return
			}
			if !yield(copyOfDoc(d), nil) {
				return
			}
		}
	}
}

func byName(a, b investigations.Doc) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	return strings.Compare(a.Key, b.Key)
}

func copyOfDoc(d investigations.Doc) investigations.Doc {
	d.Body = slices.Clone(d.Body)
	return d
}
