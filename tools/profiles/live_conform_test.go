package profiles

import (
	"io/fs"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/profiles/pyroscopetest"
	"github.com/oombot/oombot/tools/toolstest"
)

func TestLiveConforms(t *testing.T) {
	cfg := serve(t, &pyroscopetest.Pyroscope{Profiles: pushed(alloy("shop", testPod, "checkout"), time.Hour, time.Minute)})
	toolstest.TestLive(t, func() investigations.LiveSource { return newLive(t, cfg, LiveOptions{}) }, toolstest.LiveOptions{
		Subject: testSubject(), Read: func(f fs.FS) investigations.Tool { return New(f) },
	})
}
