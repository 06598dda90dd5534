package redact_test

import (
	"io/fs"
	"path"
	"testing"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/internal/judgetest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// TestExamplesStay has what holds no secret: the files of the shipped incidents.
func TestExamplesStay(t *testing.T) {
	files := 0
	err := fs.WalkDir(examples.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(examples.FS, name)
		if err != nil {
			return err
		}
		var clean []byte
		switch path.Ext(name) {
		case ".json":
			clean, err = redact.JSON(data)
		case ".log", ".yaml":
			clean = redact.Log(data)
		default:
			return nil
		}
		if files++; err != nil || string(clean) != string(data) {
			t.Errorf("%s was changed: %v", name, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 200 {
		t.Errorf("only %d files", files)
	}
}

// TestFactsOfExamplesStay has the texts of their results: facts, explanations, reasons.
func TestFactsOfExamplesStay(t *testing.T) {
	folders, err := fs.ReadDir(examples.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	texts := 0
	same := func(s string) string {
		texts++
		if clean := redact.Text(s); clean != s {
			t.Errorf("%q became %q", s, clean)
		}
		return s
	}
	for _, folder := range folders {
		judgetest.Example(t, folder.Name(), investigations.Options{Redact: same})
	}
	if texts < 1000 {
		t.Errorf("only %d texts", texts)
	}
}
