package metrics

import (
	"io/fs"
	"testing"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/toolstest"
)

func TestLiveConforms(t *testing.T) {
	_, url := newFakeServer(t, gauges()...)
	toolstest.TestLive(t, func() investigations.LiveSource { return newLive(t, url, endpoint.Config{}, LiveOptions{}) }, toolstest.LiveOptions{
		Subject: testSubject(), Read: func(f fs.FS) investigations.Tool { return New(f) },
	})
}
