package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/tools/bundle"
)

// mark is in every secret that planted plants, and nowhere else.
const mark = "Zq7Xv9"

// redacted returns a bundle as it is after all of its files have passed redaction.
func redacted(t *testing.T, fsys fs.FS) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		switch filepath.Ext(path) {
		case ".json":
			clean, err := redact.JSON(data)
			if err != nil { // bundles may hold broken files: as lines then
				clean = redact.Log(data)
			}
			data = clean
		case ".gz": // compressed
		default:
			data = redact.Log(data)
		}
		out[path] = &fstest.MapFile{Data: data}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// resultOf investigates a bundle. What differs from run to run is left out.
func resultOf(t *testing.T, fsys fs.FS) *investigations.Result {
	t.Helper()
	req, err := bundle.ReadIncident(fsys)
	if err != nil {
		t.Fatal(err)
	}
	res, _, err := diagnose(t.Context(), req, bundleTools(fsys, nil, nil), investigations.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range res.Tools {
		res.Tools[i].TookMS = 0
	}
	return res
}

// staysAfterRedaction investigates a bundle before and after redaction: nothing that a diagnosis needs may be
// taken for a secret.
func staysAfterRedaction(t *testing.T, fsys fs.FS) {
	t.Helper()
	if diff := cmp.Diff(resultOf(t, fsys), resultOf(t, redacted(t, fsys))); diff != "" {
		t.Errorf("redaction changes the result:\n%s", diff)
	}
}

// TestRedactionKeepsTheDiagnosis does so with every example; TestGeneratedIncidents and TestSharedIncidents do
// it with theirs.
func TestRedactionKeepsTheDiagnosis(t *testing.T) {
	entries, err := fs.ReadDir(examples.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, e := range entries {
		fsys, err := fs.Sub(examples.FS, e.Name())
		if err != nil || !e.IsDir() {
			continue
		}
		if _, err := fs.Stat(fsys, "incident.yaml"); err != nil {
			continue
		}
		tried++
		t.Run(e.Name(), func(t *testing.T) { staysAfterRedaction(t, fsys) })
	}
	if tried < 10 {
		t.Errorf("only %d bundles were tried", tried)
	}
}

// planted returns the example with a secret in every part of it.
func planted(t *testing.T) fstest.MapFS {
	t.Helper()
	example, err := fs.Sub(examples.FS, "leak-after-deploy")
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	err = fs.WalkDir(example, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(example, path)
		if err != nil {
			return err
		}
		switch {
		case path == "incident.yaml":
			data = bytes.Replace(data, []byte("gateway is restarting"), []byte("password="+mark+" is restarting"), 1)
		case strings.HasPrefix(path, "kernel/"): // 15 characters are a process's name
			data = bytes.ReplaceAll(data, []byte("gateway"), []byte("token="+mark+"ab"))
		case strings.HasPrefix(path, "kubernetes/"):
			data = plantObjects(t, data)
		case strings.HasPrefix(path, "metrics/"):
			data = bytes.ReplaceAll(data, []byte(`"metric":{`), []byte(`"metric":{"token":"`+mark+`","url":"http://u:`+mark+`@x",`))
		case strings.HasSuffix(path, ".pb.gz"): // as long as what it replaces, so that the profile stays one
			data = plantProfile(t, data, "session.(*Store).Put", "x.password="+mark+"abc")
		}
		out[path] = &fstest.MapFile{Data: data}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const stamp = "2026-04-15T12:08:1%d.5Z "
	log := strings.Join([]string{
		"connecting with password=" + mark, `{"msg":"java.lang.OutOfMemoryError: Java heap space","api_key":"` + mark + `"}`,
		"Authorization: Bearer " + mark + "abcdefgh", "java.lang.OutOfMemoryError: Java heap space pass\x1b[31mword=" + mark,
		"FATAL ERROR: Reached heap limit, DSN postgres://u:" + mark + "@db/x", "got ghp_" + mark + "abcdefghijklmnopqrstuv",
		"-----BEGIN PRIVATE KEY-----", mark + "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOP", mark + "==", "-----END PRIVATE KEY-----", "",
	}, "\n")
	log = strings.TrimSuffix(strings.ReplaceAll("\n"+log, "\n", "\n"+strings.ReplaceAll(stamp, "%d", "4")), strings.ReplaceAll(stamp, "%d", "4"))[1:]
	for _, name := range []string{"gateway.log", "gateway.previous.log"} {
		out["logs/ads/gateway-zxthbd6kg-tcr7d/"+name] = &fstest.MapFile{Data: []byte(log)}
	}
	out["kubernetes/configmaps.json"] = &fstest.MapFile{Data: []byte(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap",` +
		`"metadata":{"name":"gateway","namespace":"ads"},"data":{"app.properties":"heap=512m\npassword=` + mark + `\n","token":"` + mark + `"}}]}`)}
	return out
}

// plantObjects puts secrets into every object of a list.
func plantObjects(t *testing.T, data []byte) []byte {
	t.Helper()
	var list map[string]any
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	plantValue(list)
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func plantValue(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			plantValue(e)
		}
	case map[string]any:
		for _, e := range v {
			plantValue(e)
		}
		switch {
		case v["image"] != nil && v["resources"] != nil: // a container
			v["env"] = []any{map[string]any{"name": "DB_PASSWORD", "value": mark}, map[string]any{"name": "NODE_OPTIONS", "value": "--max-old-space-size=900 --token=" + mark}}
			v["args"] = []any{"--password", mark, "--token=" + mark, "--heap=900m"}
			v["command"] = []any{"sh", "-c", "mysql -uroot -p" + mark}
		case v["name"] != nil && v["creationTimestamp"] != nil: // metadata
			v["annotations"] = map[string]any{"example.com/token": mark, "note": "password: " + mark}
		case v["finishedAt"] != nil: // a terminated container
			v["message"] = "fatal: password=" + mark
		case v["message"] != nil:
			v["message"] = v["message"].(string) + ", password=" + mark
		}
	}
}

func plantProfile(t *testing.T, data []byte, from, to string) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil || len(from) != len(to) || !bytes.Contains(plain, []byte(from)) {
		t.Fatalf("there is no %s: %v", from, err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(bytes.ReplaceAll(plain, []byte(from), []byte(to))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestNoSecretIsPrinted runs every command on a bundle full of secrets.
func TestNoSecretIsPrinted(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, planted(t)); err != nil {
		t.Fatal(err)
	}
	kernel, err := filepath.Glob(dir + "/kernel/*")
	if err != nil || len(kernel) != 1 {
		t.Fatal(kernel, err)
	}
	for _, args := range [][]string{
		{"investigate", "--bundle", dir},
		{"investigate", "--bundle", dir, "-o", "json"},
		{"investigate", "--bundle", dir, "--trace"},
		{"eval", dir},
		{"eval", dir, "-o", "json"},
		{"kernlog", kernel[0]},
		{"kernlog", "-o", "json", kernel[0]},
		{"investigate", "--bundle", "/nowhere/password=" + mark},
		{"kernlog", "/nowhere/token=" + mark},
		{"password=" + mark},
	} {
		stdout, stderr, _ := runProgram(t, nil, args...)
		for stream, text := range map[string]string{"standard output": stdout, "standard error": stderr} {
			for line := range strings.Lines(text) {
				if strings.Contains(line, mark) {
					t.Errorf("%s: on %s: %s", strings.Join(args[:1], " "), stream, line)
				}
			}
		}
		if args[len(args)-1] == "json" && !json.Valid([]byte(stdout)) {
			t.Errorf("%v: no valid JSON: %s", args, stdout)
		}
		if args[0] != "eval" && !strings.Contains(stdout+stderr, redact.Masked) {
			t.Errorf("%v: nothing was masked, so nothing was tried:\n%s", args, stdout)
		}
	}
}

// TestNoSecretIsShown does the same for the pieces that only a terminal and the demo show.
func TestNoSecretIsShown(t *testing.T) {
	fsys := planted(t)
	req, err := bundle.ReadIncident(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	a := newApp(nil, nil, &out, &errs)
	a.stderr.terminal = true
	d := demo{app: a, log: a.logger(slog.LevelDebug), pauser: noPauser{}}
	if err := d.tell(t.Context(), 0, alertLine(req)+"\n"); err != nil {
		t.Fatal(err)
	}
	if err := a.printf("not read: %s\n", "http://u:"+mark+"@x"); err != nil {
		t.Fatal(err)
	}
	a.watch()(investigations.Progress{Tool: "logs", Done: true, Err: io.ErrUnexpectedEOF})
	a.watch()(investigations.Progress{Tool: "password=" + mark, Done: true})
	a.logger(slog.LevelWarn).Warn("failed", "token", mark, "url", "http://u:"+mark+"@x", slog.Group("g", "password", mark))
	if got := out.String() + errs.String(); strings.Contains(got, mark) || strings.Count(got, redact.Masked) != 6 {
		t.Errorf("got %s", got)
	}
}

// TestRedactedSecretsChangeNothing investigates the bundle full of secrets before and after redaction.
func TestRedactedSecretsChangeNothing(t *testing.T) {
	fsys := planted(t)
	clean := redacted(t, fsys)
	for path, file := range clean {
		if bytes.Contains(file.Data, []byte(mark)) {
			t.Errorf("%s holds a secret", path)
		}
	}
	want, got := resultOf(t, fsys), resultOf(t, clean)
	if diff := cmp.Diff(want.Verdict, got.Verdict); diff != "" {
		t.Errorf("the verdict changes:\n%s", diff)
	}
	if want.Verdict.Cause != investigations.CauseLeak {
		t.Errorf("the secrets themselves change the verdict to %s", want.Verdict.Cause)
	}
}
