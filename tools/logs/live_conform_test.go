package logs

import (
	"io/fs"
	"testing"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/toolstest"
)

func TestLiveConforms(t *testing.T) {
	api := sampleAPI()
	toolstest.TestLive(t, func() investigations.LiveSource { return NewLive(clientOf(t, api), nil, LiveOptions{}) }, toolstest.LiveOptions{
		Subject: subject(1), Read: func(f fs.FS) investigations.Tool { return New(f) }, Secrets: []string{"hunter2"},
	})
}
