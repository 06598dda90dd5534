package memory

import (
	"context"
	"io"

	"github.com/oombot/oombot/investigations"
)

// Store is a file of past incidents, or another process's. It is safe for concurrent use.
type Store interface {
	investigations.Memory
	investigations.Index
	investigations.Graph
	investigations.Inbox
	investigations.WorkLog
	investigations.Shelf

	// Backup writes a copy of the file as it is at one moment; others may write meanwhile.
	Backup(ctx context.Context, w io.Writer) error
	// Compact gives unused room back to the disk and returns the file's size in bytes before and after. Others wait
	// meanwhile.
	Compact(ctx context.Context) (before, after int64, err error)
	// Close ends the use of the store. A second call does nothing.
	Close() error
}
