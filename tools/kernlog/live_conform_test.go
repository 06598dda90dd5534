package kernlog

import (
	"io/fs"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
	"github.com/oombot/oombot/tools/loki/lokitest"
	"github.com/oombot/oombot/tools/toolstest"
)

func TestLiveConforms(t *testing.T) {
	at := testBoot.Add(423 * time.Second)
	l := lokitest.New(lokitest.Options{MaxEntries: 1000})
	pushJournal(t, l, kernelLabels, []journalEntry{{at.Add(-time.Hour), "Command line: quiet password=hunter2"}})
	pushJournal(t, l, kernelLabels, journalOf(at, time.Microsecond, incidents(kernlogtest.Kernels[0])["container"].Messages()))
	toolstest.TestLive(t, func() investigations.LiveSource { return NewLive(nil, lokiOf(t, l, nil), LiveOptions{}) }, toolstest.LiveOptions{
		Subject: subjectOf(at.Add(time.Minute)), Read: func(f fs.FS) investigations.Tool { return New(f) }, Secrets: []string{"hunter2"},
	})
}
