package memorytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

var shelfTests = []check{
	{"what is put comes back, by key", func(s *store) {
		s.putDocs(doc("thread", "b", 2), doc("thread", "c", 3), doc("thread", "a", 1))
		s.same("documents", []investigations.Doc{doc("thread", "a", 1), doc("thread", "b", 2), doc("thread", "c", 3)}, s.docs("thread"))
		s.same("a document", doc("thread", "b", 2), s.doc("thread", "b"))
	}},
	{"keys are in the order of their bytes", func(s *store) {
		keys := []string{"\x00", "\x00\x00", "A", "Z", "a", "a\x00", "a/", "a/b", "aa", "é", "\uffff", "\U0010ffff"}
		for i := range keys {
			s.putDocs(doc("thread", keys[(i*5)%len(keys)], i))
		}
		s.same("keys", keys, s.docKeys("thread"))
	}},
	{"one of the same kind and key is replaced", func(s *store) {
		s.putDocs(doc("thread", "a", 1), doc("thread", "b", 1))
		s.putDocs(doc("thread", "a", 2))
		s.same("documents", []investigations.Doc{doc("thread", "a", 2), doc("thread", "b", 1)}, s.docs("thread"))
	}},
	{"of two of the same key in one call the later holds", func(s *store) {
		s.putDocs(doc("thread", "a", 1), doc("thread", "a", 2), doc("thread", "b", 1), investigations.Doc{Kind: "thread", Key: "b"})
		s.same("documents", []investigations.Doc{doc("thread", "a", 2)}, s.docs("thread"))
	}},
	{"one without a body is removed", func(s *store) {
		s.putDocs(doc("thread", "a", 1), doc("thread", "b", 2))
		s.putDocs(investigations.Doc{Kind: "thread", Key: "a"}, investigations.Doc{Kind: "thread", Key: "nobody"})
		s.noDoc("thread", "a")
		s.same("documents", []investigations.Doc{doc("thread", "b", 2)}, s.docs("thread"))
		s.putDocs(investigations.Doc{Kind: "thread", Key: "b", Body: json.RawMessage{}})
		s.same("with nothing left", []investigations.Doc(nil), s.docs("thread"))
		s.putDocs(doc("thread", "a", 3))
		s.same("put anew", doc("thread", "a", 3), s.doc("thread", "a"))
	}},
	{"kinds are apart", func(s *store) {
		s.putDocs(doc("a", "bc", 1), doc("ab", "c", 2), doc("abc", "\x00", 3), doc("a\x00", "bc", 4), doc("a", "\x00bc", 5), doc("b", "bc", 6))
		s.putDocs(investigations.Doc{Kind: "b", Key: "bc"}, doc("ab", "c", 7))
		for kind, want := range map[string][]investigations.Doc{
			"a": {doc("a", "\x00bc", 5), doc("a", "bc", 1)}, "ab": {doc("ab", "c", 7)}, "abc": {doc("abc", "\x00", 3)}, "a\x00": {doc("a\x00", "bc", 4)}, "b": nil, "": nil,
		} {
			s.same(fmt.Sprintf("documents of %q", kind), want, s.docs(kind))
		}
		s.noDoc("a", "c")
		s.noDoc("b", "bc")
	}},
	{"all or none", shelvedAllOrNone},
	{"nothing put is nothing", func(s *store) {
		s.putDocs()
		s.same("documents", []investigations.Doc(nil), s.docs("thread"))
		s.noDoc("thread", "a")
	}},
	{"every body comes back", func(s *store) {
		for _, body := range []string{
			`null`, `0`, `""`, `{}`, `[]`, `true`, ` { "a" : [ 1 , 2 ] } `, `"<b>&amp;</b> \u2028 ` + "\u2028" + `"`, `1e400`, `{"a":1,"a":2}`, strings.Repeat("[", 500) + strings.Repeat("]", 500),
		} {
			s.putDocs(investigations.Doc{Kind: "thread", Key: "a", Body: json.RawMessage(body)})
			var want bytes.Buffer
			if err := json.Compact(&want, []byte(body)); err != nil {
				s.Fatal(err)
			}
			if got := s.doc("thread", "a").Body; string(got) != want.String() {
				s.Errorf("%s comes back as %s", body, got)
			}
		}
	}},
	{"names and bodies are stored up to their limits", shelfLimits},
	{"odd names are faithfully kept or refused", func(s *store) {
		for what, text := range oddTexts {
			for _, d := range []investigations.Doc{doc(text, "k", 1), doc("odd", text, 2)} {
				if err := s.PutDocs(s.Context(), d); err != nil {
					if !errors.Is(err, memory.ErrInvalid) {
						s.Errorf("%s: %v, want ErrInvalid", what, err)
					}
					if got, err := s.Doc(s.Context(), d.Kind, d.Key); err == nil {
						s.Errorf("%s was refused, and is there: %v", what, got)
					}
					continue
				}
				s.same(what, []investigations.Doc{d}, s.docs(d.Kind))
				s.same(what, d, s.doc(d.Kind, d.Key))
				s.putDocs(investigations.Doc{Kind: d.Kind, Key: d.Key})
				s.noDoc(d.Kind, d.Key)
			}
		}
	}},
	{"what is put and read is nobody else's", func(s *store) {
		given := doc("thread", "a", 1)
		s.putDocs(given)
		given.Body[1] = 'x'
		s.doc("thread", "a").Body[1] = 'y'
		s.docs("thread")[0].Body[1] = 'z'
		s.same("document", doc("thread", "a", 1), s.doc("thread", "a"))
	}},
	{"many are listed, in part as well", func(s *store) {
		var want []investigations.Doc
		for i := range 600 {
			d := doc("thread", fmt.Sprintf("%05d", i), i)
			d.Body = json.RawMessage(fmt.Sprintf(`{"n":%d,"text":%q}`, i, strings.Repeat("x", 9*i)))
			want = append(want, d)
		}
		s.putDocs(want[350:]...)
		s.putDocs(want[:350]...)
		got := s.docs("thread")
		for i, d := range got[:min(len(got), len(want))] {
			if d.Key != want[i].Key || !bytes.Equal(d.Body, want[i].Body) {
				s.Errorf("document %d is %s with %d bytes", i, d.Key, len(d.Body))
			}
		}
		if len(got) != len(want) {
			s.Errorf("%d documents are listed, want %d", len(got), len(want))
		}
		n := 0
		for _, err := range s.Docs(s.Context(), "thread") {
			if err != nil {
				s.Fatalf("Docs: %v", err)
			}
			if n++; n == 350 {
				break
			}
		}
		s.putDocs(doc("thread", "z", 1))
	}},
	{"a loop over documents may write them", func(s *store) {
		var want []investigations.Doc
		for i := range 600 {
			want = append(want, doc("thread", fmt.Sprintf("%05d", i), i))
		}
		s.putDocs(want...)
		var seen []investigations.Doc
		for d, err := range s.Docs(s.Context(), "thread") {
			if err != nil {
				s.Fatalf("Docs: %v", err)
			}
			seen = append(seen, d)
			if len(seen)%100 == 1 {
				s.putDocs(investigations.Doc{Kind: "thread", Key: d.Key}, doc("thread", d.Key+"x", 1), investigations.Doc{Kind: "thread", Key: "00599"})
			}
		}
		s.same("the view of the beginning", want, seen)
		s.noDoc("thread", "00000")
	}},
	{"a context that is done ends a listing of documents", func(s *store) {
		var docs []investigations.Doc
		for i := range 600 {
			docs = append(docs, doc("thread", fmt.Sprintf("%05d", i), i))
		}
		s.putDocs(docs...)
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		var last error
		for _, err := range s.Docs(ctx, "thread") {
			if last != nil {
				s.Error("it went on after an error")
			}
			last = err
			cancel()
		}
		if !errors.Is(last, context.Canceled) {
			s.Errorf("it ended with %v, want context.Canceled", last)
		}
	}},
	{"several at once", shelvedAtOnce},
	{"documents are no traces", func(s *store) {
		s.keep(history(5)...)
		s.put(s.item(0))
		s.begin(post("w", 0))
		s.putDocs(doc("thread", "a", 1))
		s.same("heads", 5, len(s.listed(investigations.Filter{})))
		if n := s.forget(investigations.Filter{}); n != 5 {
			s.Errorf("%d traces were forgotten, want 5", n)
		}
		s.same("after all was forgotten", []investigations.Doc{doc("thread", "a", 1)}, s.docs("thread"))
		if _, _, err := s.Compact(s.Context()); err != nil {
			s.Errorf("Compact: %v", err)
		}
		s.same("after compacting", []investigations.Doc{doc("thread", "a", 1)}, s.docs("thread"))
		s.putDocs(doc("thread", "a", 2))
		s.done(s.take())
	}},
}

// shelvedAllOrNone gives a store good documents with one that can't be put among them.
func shelvedAllOrNone(s *store) {
	before := []investigations.Doc{doc("thread", "a", 1), doc("thread", "b", 1)}
	s.putDocs(before...)
	for what, bad := range map[string]investigations.Doc{
		"no kind": doc("", "k", 1), "no key": doc("thread", "", 1), "a long kind": doc(strings.Repeat("k", memory.MaxDocName+1), "k", 1),
		"a long key": doc("thread", strings.Repeat("k", memory.MaxDocName+1), 1), "no key to remove": {Kind: "thread"}, "no UTF-8": doc("thread", "\xff", 1),
		"half a body": {Kind: "thread", Key: "k", Body: json.RawMessage(`{"a":`)}, "two bodies": {Kind: "thread", Key: "k", Body: json.RawMessage(`{}{}`)},
		"blanks": {Kind: "thread", Key: "k", Body: json.RawMessage(` `)}, "a deep body": {Kind: "thread", Key: "k", Body: json.RawMessage(strings.Repeat("[", 1<<18) + strings.Repeat("]", 1<<18))},
	} {
		err := s.PutDocs(s.Context(), doc("thread", "a", 2), doc("other", "c", 2), bad, investigations.Doc{Kind: "thread", Key: "b"})
		if !errors.Is(err, memory.ErrInvalid) {
			s.Errorf("%s: %v, want ErrInvalid", what, err)
		}
		s.same("after "+what, before, s.docs("thread"))
		s.same("other documents after "+what, []investigations.Doc(nil), s.docs("other"))
	}
}

func shelfLimits(s *store) {
	long := strings.Repeat("é", memory.MaxDocName/2)
	body := func(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("<", n-2) + `"`) }
	largest := investigations.Doc{Kind: long, Key: long, Body: body(memory.MaxDocBody)}
	s.putDocs(largest, doc(long, "k", 1), investigations.Doc{Kind: "thread", Key: "a", Body: body(memory.MaxDocBody)})
	if got := s.doc(long, long); !bytes.Equal(got.Body, largest.Body) {
		s.Errorf("%d bytes came back of %d, or others", len(got.Body), len(largest.Body))
	}
	if keys := s.docKeys(long); len(keys) != 2 || keys[1] != long {
		s.Errorf("%d keys are listed, or others", len(keys))
	}
	err := s.PutDocs(s.Context(), investigations.Doc{Kind: "thread", Key: "a", Body: body(memory.MaxDocBody + 1)})
	if !errors.Is(err, investigations.ErrTooLarge) || !errors.Is(err, memory.ErrInvalid) {
		s.Errorf("a body that is too long: %v, want ErrTooLarge and ErrInvalid", err)
	}
	if n := len(s.doc("thread", "a").Body); n != memory.MaxDocBody {
		s.Errorf("the body has %d bytes after one that was refused", n)
	}
	for _, name := range []string{strings.Repeat("k", memory.MaxDocName+1), strings.Repeat("k", 1<<16), strings.Repeat("k", 1<<16+1)} {
		s.noDoc(name, "k")
		s.noDoc("thread", name)
		s.same("documents of a kind with a long name", []investigations.Doc(nil), s.docs(name))
	}
}

// shelvedAtOnce lets several write documents of their own and one in common, while others read. Each call writes a pair.
func shelvedAtOnce(s *store) {
	const writers, rounds = 6, 12
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		reading.Go(func() {
			for {
				bodies := map[string]int{}
				for d, err := range s.Docs(s.Context(), "pair") {
					if err != nil {
						s.Errorf("Docs: %v", err)
						return
					}
					bodies[string(d.Body)]++
				}
				if len(bodies) > 1 {
					s.Errorf("a listing shows halves of pairs: %v", bodies)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range rounds {
				n := w*rounds + i
				err := s.PutDocs(s.Context(), doc("pair", "left", n), doc("own", fmt.Sprintf("%d-%02d", w, i), n), doc("pair", "right", n))
				if err != nil {
					s.Errorf("PutDocs: %v", err)
				}
				if i%2 == 1 {
					if err := s.PutDocs(s.Context(), investigations.Doc{Kind: "own", Key: fmt.Sprintf("%d-%02d", w, i-1)}); err != nil {
						s.Errorf("PutDocs: %v", err)
					}
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	var want []investigations.Doc
	for w := range writers {
		for i := range rounds {
			if i%2 == 1 || i == rounds-1 {
				want = append(want, doc("own", fmt.Sprintf("%d-%02d", w, i), w*rounds+i))
			}
		}
	}
	s.same("documents", want, s.docs("own"))
	if pair := s.docs("pair"); len(pair) != 2 || !bytes.Equal(pair[0].Body, pair[1].Body) {
		s.Errorf("the pair is %v", pair)
	}
}

func doc(kind, key string, n int) investigations.Doc {
	return investigations.Doc{Kind: kind, Key: key, Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n))}
}

func (s *store) putDocs(docs ...investigations.Doc) {
	s.Helper()
	if err := s.PutDocs(s.Context(), docs...); err != nil {
		s.Fatalf("PutDocs: %v", err)
	}
}

// doc returns a document that must be there.
func (s *store) doc(kind, key string) investigations.Doc {
	s.Helper()
	d, err := s.Doc(s.Context(), kind, key)
	if err != nil {
		s.Fatalf("Doc(%q, %q): %v", kind, key, err)
	}
	return d
}

func (s *store) noDoc(kind, key string) {
	s.Helper()
	if d, err := s.Doc(s.Context(), kind, key); !errors.Is(err, investigations.ErrNotFound) {
		s.Errorf("Doc(%.40q, %.40q) returned %v, %v; want ErrNotFound", kind, key, d, err)
	}
}

func (s *store) docs(kind string) []investigations.Doc {
	s.Helper()
	var out []investigations.Doc
	for d, err := range s.Docs(s.Context(), kind) {
		if err != nil {
			s.Fatalf("Docs(%q): %v", kind, err)
		}
		out = append(out, d)
	}
	return out
}

func (s *store) docKeys(kind string) []string {
	s.Helper()
	var out []string
	for _, d := range s.docs(kind) {
		out = append(out, d.Key)
	}
	return out
}
