package bolt

import (
	"context"
	"fmt"
	"io"
)

// Backup writes a copy of the file as it is now. The copy holds free pages too, and in them what was forgotten since
// the file was compacted last.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	tx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	out := &canceled{ctx: ctx, w: w}
	// It reads the file and not the mapping, and calls back to w: nothing of it needs a guard.
	if _, err := tx.WriteTo(out); err != nil {
		if out.err != nil { // bbolt hands on some of these as text only
			err = out.err
		}
		return fmt.Errorf("back up %s: %w", s.path, err)
	}
	return nil
}

// canceled is a writer that ends with its context.
type canceled struct {
	ctx context.Context
	w   io.Writer
	err error
}

func (c *canceled) Write(p []byte) (int, error) {
	if c.err = c.ctx.Err(); c.err != nil {
		return 0, c.err
	}
	var n int
	n, c.err = c.w.Write(p)
	return n, c.err
}
