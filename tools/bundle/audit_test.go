package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestAuditNotesWhatWasRead(t *testing.T) {
	at := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	a := NewAudit(func() time.Time { return at })
	fsys := a.Watch("pods", withMissing(fstest.MapFS{
		"kubernetes/pods.json": {Data: []byte("pods")}, "kubernetes/nodes.json": {Data: []byte("0123456789")}, "kubernetes/events.json": {Data: []byte("unread")},
	}, map[string]error{"kubernetes/limitranges.json": errors.New("forbidden")}))
	if _, err := fs.ReadFile(fsys, "kubernetes/pods.json"); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Open("kubernetes/nodes.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(f, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := fsys.Open("kubernetes/limitranges.json"); err == nil {
		t.Fatal("what was missed opens")
	}
	if _, err := fsys.Open("kubernetes/none.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("what is not there: %v", err)
	}
	if entries, err := fs.ReadDir(fsys, "kubernetes"); err != nil || len(entries) < 3 {
		t.Fatalf("the folder: %v, %v", entries, err)
	}
	sum := sha256.Sum256([]byte("pods"))
	want := []investigations.SourceAnswer{
		{Tool: "pods", File: "kubernetes/limitranges.json", At: at, Error: "open kubernetes/limitranges.json: forbidden"},
		{Tool: "pods", File: "kubernetes/nodes.json", At: at, Bytes: 4},
		{Tool: "pods", File: "kubernetes/pods.json", At: at, Bytes: 4, SHA256: hex.EncodeToString(sum[:]), Asked: "kubectl get pods"},
	}
	got := a.Answers(map[string]investigations.Origin{"kubernetes/pods.json": {Source: "kubectl get pods"}})
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}

func TestAuditKeepsTheWholeReading(t *testing.T) {
	a := NewAudit(time.Now)
	fsys := a.Watch("kernlog", fstest.MapFS{"kernel/n1.log": {Data: []byte("line\n")}})
	if _, err := fs.ReadFile(fsys, "kernel/n1.log"); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Open("kernel/n1.log") // a second look that reads nothing
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := a.Answers(nil); len(got) != 1 || got[0].Bytes != 5 || got[0].SHA256 == "" {
		t.Errorf("notes = %+v, want the whole file once", got)
	}
}
