package judgetest

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestWays has one incident judged as an example and as a folder: what comes of it is the same.
func TestWays(t *testing.T) {
	const name = "leak-after-deploy"
	shipped := Example(t, name, investigations.Options{})
	if v := shipped.Result.Verdict; v.Cause != investigations.CauseLeak || len(shipped.Result.Facts) == 0 || shipped.Evidence == nil {
		t.Errorf("the verdict is %+v of %d facts", v, len(shipped.Result.Facts))
	}
	folder := Folder(t, filepath.Join("../../examples", name), investigations.Options{})
	if diff := cmp.Diff(shipped.Request, folder.Request); diff != "" {
		t.Errorf("the request (-example +folder):\n%s", diff)
	}
	if diff := cmp.Diff(shipped.Result.Verdict, folder.Result.Verdict); diff != "" {
		t.Errorf("the verdict (-example +folder):\n%s", diff)
	}
}
