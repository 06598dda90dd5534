package endpoint

import (
	"fmt"
	"io"
	"net/http"

	"github.com/oombot/oombot/investigations"
)

// limited bounds the bodies of answers.
type limited struct {
	next  http.RoundTripper
	limit int64
}

// RoundTrip sends r; reading the answer's body beyond the limit is an error.
func (l *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.next.RoundTrip(r)
	if err == nil && res.Body != nil {
		res.Body = &limitedBody{body: res.Body, left: l.limit, limit: l.limit}
	}
	return res, err
}

type limitedBody struct {
	body        io.ReadCloser
	left, limit int64
}

// Read reads on; beyond the limit its error wraps investigations.ErrTooLarge.
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLarge()
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n - 1, b.tooLarge()
	}
	return n, err
}

func (b *limitedBody) tooLarge() error {
	return fmt.Errorf("%w: the answer is over %d bytes", investigations.ErrTooLarge, b.limit)
}

// Close closes the answer.
func (b *limitedBody) Close() error { return b.body.Close() }
