package kubeclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
)

// podNames decodes a list of pods and returns their names.
func podNames(r io.Reader) ([]string, Outcome) {
	names := []string{}
	out := Decode(context.Background(), r, Options{Kind: "Pod"}, func(_ Lines, p *corev1.Pod) error {
		if p.Name == "" {
			return ErrNoName
		}
		names = append(names, p.Name)
		return nil
	})
	return names, out
}

func TestDecode(t *testing.T) {
	const a, b = `{"kind":"Pod","metadata":{"name":"a"}}`, `{"metadata":{"name":"b","labels":{"x":"}]\"{["}}}`
	tests := []struct {
		name, doc string
		names     []string
		broken    int
		first     string // of the broken items' faults
		err       string
	}{
		{"kubectl's list", `{"apiVersion":"v1","items":[` + a + `,` + b + `],"kind":"List","metadata":{"resourceVersion":""}}`, []string{"a", "b"}, 0, "", ""},
		{"the API's list", `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[` + b + `]}`, []string{"b"}, 0, "", ""},
		{"pretty-printed", "{\n  \"items\" : [\r\n\t" + a + "\n, " + b + " ]\n}\n\n", []string{"a", "b"}, 0, "", ""},
		{"with a byte order mark", "\ufeff" + `{"items":[` + a + `]}`, []string{"a"}, 0, "", ""},
		{"a single object", a, []string{"a"}, 0, "", ""},
		{"a single object without a kind", b, []string{"b"}, 0, "", ""},
		{"no items", `{"kind":"List","items":[]}`, []string{}, 0, "", ""},
		{"null items", `{"kind":"List","items":null}`, []string{}, 0, "", ""},
		{"null among the items", `{"items":[` + a + `,null,` + b + `]}`, []string{"a", "b"}, 1, "object 2: it is no JSON object", ""},
		{"a wrong item", `{"items":[7,` + a + `,"x",[[]],` + b + `]}`, []string{"a", "b"}, 3, "object 1: it is no JSON object", ""},
		{"another kind", `{"items":[` + a + `,{"kind":"Node","metadata":{"name":"n"}}]}`, []string{"a"}, 1, "object 2: it is a Node and no Pod", ""},
		{"no name", `{"items":[{},` + a + `]}`, []string{"a"}, 1, "object 1: it has no metadata.name", ""},
		{"a field of a wrong type", `{"items":[{"metadata":{"name":"c"},"spec":{"containers":"none"}},` + a + `]}`, []string{"c", "a"}, 1, "object 1: json: cannot unmarshal string", ""},
		{"a bad quantity", `{"items":[{"metadata":{"name":"c"},"spec":{"containers":[{"resources":{"limits":{"memory":"5Mib"}}}]}},` + a + `]}`, []string{"a"}, 1, "quantities must match", ""},
		{"a bad time", `{"items":[{"metadata":{"name":"c","creationTimestamp":"yesterday"}},` + a + `]}`, []string{"a"}, 1, "parsing time", ""},
		{"bad JSON in an item", `{"items":[{"metadata":{"name":'c'}},` + a + `]}`, []string{"a"}, 1, "object 1: invalid character", ""},
		{"cut off in an item", `{"items":[` + a + `,{"metadata":{"na`, []string{"a"}, 0, "", "cut off"},
		{"cut off behind an item", `{"items":[` + a, []string{"a"}, 0, "", "cut off"},
		{"cut off behind the items", `{"items":[` + a + `]`, []string{"a"}, 0, "", "cut off"},
		{"cut off before the items", `{"kind":"Li`, []string{}, 0, "", "cut off"},
		{"cut off in a key", `{"items`, []string{}, 0, "", "cut off"},
		{"more behind the end", `{"items":[` + a + `]} {"items":[` + b + `]}`, []string{"a"}, 0, "", "goes on after its end"},
		{"nothing", "", []string{}, 0, "", "empty"},
		{"white space", " \n", []string{}, 0, "", "empty"},
		{"no JSON", "kubectl: command not found", []string{}, 0, "", "no JSON object"},
		{"a list without its object", "[" + a + "]", []string{}, 0, "", "no JSON object"},
		{"a wrong list", `{"items":{"a":1}}`, []string{}, 0, "", "no list"},
		{"an empty object", `{}`, []string{}, 0, "", "no items"},
		{"a list without items", `{"kind":"PodList"}`, []string{}, 0, "", "no items"},
		{"an answer of refusal", `{"kind":"Status","message":"pods is forbidden: User \"x\""}`, []string{}, 0, "", `answer "pods is forbidden: User \"x\""`},
		{"a single object of another kind", `{"kind":"Node","metadata":{"name":"n"}}`, []string{}, 0, "", "a Node and no Pod"},
		{"brackets that do not match", `{"items":[` + a + `}]`, []string{"a"}, 0, "", "no JSON"},
		{"no colon", `{"items" [` + a + `]}`, []string{}, 0, "", "no JSON"},
	}
	for _, test := range tests {
		for _, reader := range []struct {
			name string
			of   func(string) io.Reader
		}{
			{"whole", func(s string) io.Reader { return strings.NewReader(s) }},
			{"byte by byte", func(s string) io.Reader { return iotest.OneByteReader(strings.NewReader(s)) }},
			{"with its end", func(s string) io.Reader { return iotest.DataErrReader(strings.NewReader(s)) }},
		} {
			t.Run(test.name+", "+reader.name, func(t *testing.T) {
				names, out := podNames(reader.of(test.doc))
				if diff := cmp.Diff(test.names, names); diff != "" {
					t.Errorf("names (-want +got):\n%s", diff)
				}
				if out.Broken != test.broken || !says(out.FirstBroken, test.first) {
					t.Errorf("%d broken, the first: %v; want %d, %q", out.Broken, out.FirstBroken, test.broken, test.first)
				}
				if !says(out.Err, test.err) {
					t.Errorf("error %v, want %q", out.Err, test.err)
				}
			})
		}
	}
}

// says tells whether an error holds a text; no error holds the empty text only.
func says(err error, text string) bool {
	if err == nil || text == "" {
		return err == nil && text == ""
	}
	return strings.Contains(err.Error(), text)
}

func TestDecodeLines(t *testing.T) {
	doc := "{\n\"items\": [\n{\"metadata\":\n{\"name\": \"a\"}\n},\n\n{\"metadata\": {\"name\": \"b\"}}]}"
	var got []Lines
	Decode(context.Background(), strings.NewReader(doc), Options{Kind: "Pod"}, func(at Lines, _ *corev1.Pod) error {
		got = append(got, at)
		return nil
	})
	if diff := cmp.Diff([]Lines{{3, 5}, {7, 7}}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestDecodeBounds(t *testing.T) {
	t.Run("a huge item", func(t *testing.T) {
		huge := `{"metadata":{"name":"huge","annotations":{"x":"` + strings.Repeat("x", ItemLimit) + `"}}}`
		names, out := podNames(strings.NewReader(`{"items":[` + huge + `,{"metadata":{"name":"a"}}]}`))
		if diff := cmp.Diff([]string{"a"}, names); diff != "" || out.Broken != 1 || !says(out.FirstBroken, "over 8388608 bytes") || out.Err != nil {
			t.Errorf("names %q, outcome %+v", names, out)
		}
	})
	t.Run("a huge field beside the items", func(t *testing.T) {
		names, out := podNames(strings.NewReader(`{"x":"` + strings.Repeat("x", ItemLimit) + `","items":[{"metadata":{"name":"a"}}]}`))
		if len(names) != 1 || out.Err != nil {
			t.Errorf("names %q, outcome %+v", names, out)
		}
	})
	t.Run("endless items", func(t *testing.T) {
		names, out := podNames(strings.NewReader(`{"items":[` + strings.Repeat(`{"metadata":{"name":"a"}},`, MaxItems+10) + `null]}`))
		if len(names) != MaxItems || !errors.Is(out.Err, investigations.ErrTooLarge) {
			t.Errorf("%d names, outcome %+v", len(names), out)
		}
	})
	t.Run("endless broken items", func(t *testing.T) {
		_, out := podNames(strings.NewReader(`{"items":[` + strings.Repeat(`0,`, 10*maxBroken)))
		if out.Broken != maxBroken || !errors.Is(out.Err, investigations.ErrTooLarge) {
			t.Errorf("outcome %+v", out)
		}
	})
	t.Run("context done", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		doc := `{"items":[` + strings.Repeat(`{"metadata":{"name":"a"}},`, 20_000) + `null]}`
		out := Decode(ctx, strings.NewReader(doc), Options{Kind: "Pod"}, func(Lines, *corev1.Pod) error {
			n++
			cancel()
			return nil
		})
		if !errors.Is(out.Err, context.Canceled) || n == 0 || n >= 20_000 {
			t.Errorf("%d items, outcome %+v", n, out)
		}
	})
	t.Run("a reader that gives nothing", func(t *testing.T) {
		if _, out := podNames(stuck{}); !errors.Is(out.Err, io.ErrNoProgress) {
			t.Errorf("outcome %+v", out)
		}
	})
	t.Run("a reader that fails", func(t *testing.T) {
		broken := errors.New("input/output error")
		r := io.MultiReader(strings.NewReader(`{"items":[{"metadata":{"name":"a"}},`), iotest.ErrReader(broken))
		if names, out := podNames(r); len(names) != 1 || !errors.Is(out.Err, broken) {
			t.Errorf("names %q, outcome %+v", names, out)
		}
	})
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestDecodeManagedFields(t *testing.T) {
	const doc = `{"items":[{"metadata":{"name":"a","labels":{"managedFields":"no list"},
		"annotations":{"last":"{\"managedFields\":[{}]}","managedFields" : "[x]"},
		"managedFields" : [{"manager":"helm","fieldsV1":{"f:a":{"k:{\"name\":\"]\"}":{}}}}],"namespace":"shop"}}]}`
	for _, managed := range []bool{true, false} {
		var got corev1.Pod
		out := Decode(context.Background(), strings.NewReader(doc), Options{Kind: "Pod", Managed: managed}, func(_ Lines, p *corev1.Pod) error {
			got = *p
			return nil
		})
		if out.Err != nil || out.Broken != 0 {
			t.Fatalf("outcome %+v", out)
		}
		if (len(got.ManagedFields) == 1) != managed || got.Namespace != "shop" || got.Labels["managedFields"] != "no list" || len(got.Annotations) != 2 {
			t.Errorf("managed %t: %+v", managed, got.ObjectMeta)
		}
	}
}

func TestDecodeWant(t *testing.T) {
	const doc = `{"items":[{"metadata":{"name":"a","namespace":"shop"}},{"metadata":{"name":"b","namespace":"shopping"}},7]}`
	var names []string
	out := Decode(context.Background(), strings.NewReader(doc), Options{Kind: "Pod", Want: Holding([]string{"shop", `a"b`})},
		func(_ Lines, p *corev1.Pod) error {
			names = append(names, p.Name)
			return nil
		})
	if diff := cmp.Diff([]string{"a"}, names); diff != "" || out.Items != 1 || out.Broken != 0 {
		t.Errorf("outcome %+v, names (-want +got):\n%s", out, diff)
	}
}

func TestDecodeStops(t *testing.T) {
	n := 0
	out := Decode(context.Background(), strings.NewReader(`{"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}},`), Options{Kind: "Pod"},
		func(Lines, *corev1.Pod) error {
			n++
			return ErrStop
		})
	if n != 1 || out.Items != 1 || out.Broken != 0 || out.Err != nil {
		t.Errorf("%d items handed out, outcome %+v", n, out)
	}
}

func TestRead(t *testing.T) {
	fsys := fstest.MapFS{
		"kubernetes/pods.json":  {Data: []byte("{\"items\":[\n{\"metadata\":\n{\"name\":\"a\"}},\n{\"metadata\":{\"name\":\"b\"}},\n7,8]}")},
		"kubernetes/cut.json":   {Data: []byte(`{"items":[{"metadata":{"name":"a"}},`)},
		"kubernetes/bad.json":   {Data: []byte(`\x1b[31m`)},
		"kubernetes/one.json":   {Data: []byte(`{"items":[8]}`)},
		"kubernetes/dir/x.json": {},
	}
	tests := []struct {
		file    string
		sources []string
		want    Reading
	}{
		{"kubernetes/pods.json", []string{"kubernetes/pods.json:2-3", "kubernetes/pods.json"}, Reading{
			Usable: true, Items: 2,
			Why: "kubernetes/pods.json holds 2 objects that can't be read whole, the first: object 3: it is no JSON object",
		}},
		{"kubernetes/cut.json", []string{"kubernetes/cut.json"}, Reading{
			Usable: true, Items: 1, Why: "kubernetes/cut.json can't be read to its end: it is cut off; objects used from before that: 1",
		}},
		{"kubernetes/one.json", nil, Reading{
			Usable: true, Why: "kubernetes/one.json holds an object that can't be read whole: object 1: it is no JSON object",
		}},
		{"kubernetes/bad.json", nil, Reading{Why: `kubernetes/bad.json can't be read: it is no JSON object: it begins with '\\'`}},
		{"kubernetes/dir", nil, Reading{Why: "kubernetes/dir can't be read: invalid argument"}},
		{"kubernetes/gone.json", nil, Reading{Missing: true, Why: "kubernetes/gone.json can't be read: it is not there"}},
	}
	for _, test := range tests {
		var sources []string
		got := Read(context.Background(), fs.FS(fsys), test.file, Options{Kind: "Pod"}, func(source string, _ *corev1.Pod) error {
			sources = append(sources, source)
			return nil
		})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.file, diff)
		}
		if diff := cmp.Diff(test.sources, sources); diff != "" {
			t.Errorf("%s, sources (-want +got):\n%s", test.file, diff)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := Read(ctx, fs.FS(fsys), "kubernetes/pods.json", Options{Kind: "Pod"}, func(string, *corev1.Pod) error { return nil })
	if got.Usable || !strings.Contains(got.Why, "the time for it ran out") {
		t.Errorf("with a context that is done: %+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"apiVersion":"v1","items":[{"kind":"Pod","metadata":{"name":"a"}}],"kind":"List"}`))
	f.Add([]byte(`{"items":[{"metadata":{"name":"b","managedFields":[{"fieldsV1":{"f:a":{}}}]},"spec":{"containers":[{"resources":{"limits":{"memory":"1e-9"}}}]}},7,null`))
	f.Add([]byte(`{"items":null}{"a":[1,"\u0000\\",true]}`))
	f.Add([]byte(`{"kind":"Pod","metadata":{"name":"a","labels":{"x":"1e99999"}},"status":{"containerStatuses":[{"name":"x","resources":{}}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		conv := New()
		got := 0
		out := Decode(context.Background(), strings.NewReader(string(data)), Options{Kind: "Pod", Managed: true}, func(_ Lines, p *corev1.Pod) error {
			got++
			_, err := conv.Pod(p, "f")
			return err
		})
		slow := 0
		// With the same options: without managed fields an item can be read of which only these are broken.
		opt := Options{Kind: "Pod", Managed: true}
		Decode(context.Background(), iotest.OneByteReader(strings.NewReader(string(data))), opt, func(Lines, *corev1.Pod) error {
			slow++
			return nil
		})
		if out.Items > got || slow != got {
			t.Fatalf("%d items taken of %d handed out; %d byte by byte", out.Items, got, slow)
		}
		// What encoding/json reads as a list, Decode has to go through to its end.
		var doc map[string]json.RawMessage
		var list []json.RawMessage
		if json.Unmarshal(data, &doc) == nil && doc["items"] != nil && json.Unmarshal(doc["items"], &list) == nil && out.Err != nil {
			t.Fatalf("valid JSON with %d items: %v", len(list), out.Err)
		}
		if out.Err != nil && strings.ContainsRune(out.Err.Error(), 0x1b) {
			t.Fatalf("error %q holds control characters", out.Err)
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	item := `{"metadata":{"name":"checkout-7c9d8f6b5-x2x4p","labels":{"app":"checkout"}},"status":{"phase":"Running"}}`
	doc := `{"items":[` + strings.Repeat(item+",\n", 100_000) + item + `]}`
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		n := 0
		err := items(context.Background(), strings.NewReader(doc), "Pod", func([]byte, Lines, error) error {
			n++
			return nil
		})
		if n != 100_001 || err != nil {
			b.Fatal(fmt.Sprint(n, err))
		}
	}
}
