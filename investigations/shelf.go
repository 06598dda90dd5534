package investigations

import (
	"context"
	"encoding/json"
	"iter"
)

// Doc is a small document of a program that goes on where it was when it starts again, as the state of a thread.
type Doc struct {
	// Kind groups documents; Key tells those of a kind apart.
	Kind string `json:"kind"`
	Key  string `json:"key"`
	// Body is JSON that has passed redaction. In a Put, an empty one removes the document.
	Body json.RawMessage `json:"body,omitempty"`
}

// Shelf keeps documents. It is safe for concurrent use; what a call returned without an error is durable.
type Shelf interface {
	// PutDocs writes all documents or none. One of the same kind and key is replaced.
	PutDocs(ctx context.Context, docs ...Doc) error
	// Doc returns a document; ErrNotFound where there is none.
	Doc(ctx context.Context, kind, key string) (Doc, error)
	// Docs yields the documents of a kind by key, from one consistent view. It ends with the first error that it yields.
	Docs(ctx context.Context, kind string) iter.Seq2[Doc, error]
}
