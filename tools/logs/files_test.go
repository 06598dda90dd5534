package logs

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestNear(t *testing.T) {
	pod := investigations.Target{Namespace: "shop", Pod: "api-1"}
	container := investigations.Target{Namespace: "shop", Pod: "api-1", Container: "api"}
	workload := investigations.Target{Namespace: "shop", Workload: "deployment/api"}
	tests := []struct {
		file   file
		target investigations.Target
		want   int
	}{
		{file{namespace: "shop", pod: "api-1", container: "api"}, container, rankContainer},
		{file{namespace: "shop", pod: "api-1", container: "proxy"}, container, rankPod},
		{file{namespace: "shop", pod: "api-1", container: "proxy"}, pod, rankContainer},
		{file{namespace: "shop", pod: "api-2", container: "api"}, container, rankNamespace},
		{file{namespace: "pay", pod: "api-1", container: "api"}, container, rankOther},
		{file{namespace: "shop", pod: "api-7c-x", container: "api"}, workload, rankWorkload},
		{file{namespace: "shop", pod: "apical-7c-x", container: "api"}, workload, rankNamespace},
		{file{namespace: "shop", pod: "api-1", container: "api"}, investigations.Target{Node: "n1"}, rankOther},
	}
	for _, tt := range tests {
		if got := tt.file.near(tt.target); got != tt.want {
			t.Errorf("%+v by %s: %d, want %d", tt.file, tt.target, got, tt.want)
		}
	}
}

func TestList(t *testing.T) {
	fsys := fstest.MapFS{
		"logs/pay/bill-1/bill.log":         {},
		"logs/shop/api-1/api.log":          {},
		"logs/shop/api-1/api.previous.log": {},
		"logs/shop/api-1/notes.txt":        {},
		"logs/shop/web-1/web.log":          {},
	}
	n := &notes{}
	files, ok := New(fsys).list(t.Context(), investigations.Target{Namespace: "shop", Pod: "web-1"}, n)
	type row struct {
		Path, Container string
		Previous        bool
	}
	var got []row
	for _, f := range files {
		got = append(got, row{f.path, f.container, f.previous})
	}
	want := []row{
		{"logs/shop/web-1/web.log", "web", false},
		{"logs/shop/api-1/api.log", "api", false},
		{"logs/shop/api-1/api.previous.log", "api", true},
		{"logs/pay/bill-1/bill.log", "bill", false},
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok || len(n.spots) > 0 {
		t.Errorf("%v %v %s", ok, n.spots, diff)
	}
}

// TestListOfStrayFiles: what is a file where a folder belongs is named, and the rest is read.
func TestListOfStrayFiles(t *testing.T) {
	fsys := fstest.MapFS{"logs/README": {}, "logs/shop/README": {}, "logs/shop/api-1/api.log": {}}
	n := &notes{}
	files, ok := New(fsys).list(t.Context(), investigations.Target{}, n)
	if !ok || len(files) != 1 || len(n.spots) != 2 {
		t.Errorf("%v: %d files, %+v", ok, len(files), n.spots)
	}
}

func TestSpot(t *testing.T) {
	s := newSpotter()
	tests := []struct {
		line string
		want weight
		at   string
	}{
		{"", 0, ""},
		{"ab", 0, ""},
		{"listening on :8080", 0, ""},
		{"Java.Lang.OUTOFMEMORYERROR", fatal, "OUTOF"},
		{"received SIGTERM, then out of memory", fatal | ending, "out of"},
		{"starting Export", piece, "Export"},
		{"took 850MB", sized, ""},
		{"took 850 GB of it", sized, ""},
		{"took 850M", sized, ""},
		{"took 3 gigabytes", sized, ""},
		{"took 850 Mi", sized, ""},
		{"took 850 ms", 0, ""},
		{"took 850 tasks", 0, ""},
		{"size=123456", sized, "size"},
		{"size=12345", 0, "size"},
		{"served 1,200,000 rows", counted, "rows"},
		{"served 4.2 million rows", counted, "million"},
		{"served 900k rows", counted, "rows"},
		{"served 12 rows", 0, "rows"},
	}
	for _, tt := range tests {
		found, where := s.spot([]byte(tt.line))
		if got := found & (fatal | soft); got != tt.want {
			t.Errorf("%q: %b, want %b", tt.line, got, tt.want)
		}
		if tt.at != "" && tt.line[where:where+len(tt.at)] != tt.at {
			t.Errorf("%q: stands at %d", tt.line, where)
		}
	}
}

func TestMessages(t *testing.T) {
	tests := []struct {
		line string
		want []string
	}{
		{"plain text \t", []string{"plain text"}},
		{`{"b":"two\nlines","a":["x",{"c":"y"}],"n":7}`, []string{"x", "y", "two", "lines"}},
		{`{"cut":"off`, []string{`{"cut":"off`}},
		{`{"a":{"a":{"a":{"a":{"a":{"a":"too deep"}}}}}}`, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, messages(tt.line)); diff != "" {
			t.Errorf("%s: %s", tt.line, diff)
		}
	}
}

func TestRing(t *testing.T) {
	r := ring{limit: 3}
	buf := []byte{0}
	for i := range byte(5) {
		buf[0] = 'a' + i // the ring must not keep the caller's bytes
		r.push(rawLine{line: int64(i), text: buf})
	}
	var got string
	for _, l := range r.all() {
		got += string(l.text)
	}
	if got != "cde" {
		t.Errorf("%q", got)
	}
}
