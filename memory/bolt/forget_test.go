package bolt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
)

// everything returns what a bucket has, keys and values; traces are unpacked.
func everything(t testing.TB, s *Store, bucket []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := s.view(t.Context(), func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(key, value []byte) error {
			out[string(key)] = string(value)
			if !bytes.Equal(bucket, bucketTraces) {
				return nil
			}
			tr, err := decodeTrace(pieces{tx.Bucket(bucketTraces)}.get(slotOf(key)))
			if err != nil {
				return err
			}
			doc, err := json.Marshal(tr)
			out[string(key)] = string(doc)
			return err
		})
	})
	if err != nil {
		t.Fatalf("read %s: %v", bucket, err)
	}
	return out
}

// TestNothingRemains looks for the name of a forgotten incident in every bucket, and after compacting in every byte of
// the file.
func TestNothingRemains(t *testing.T) {
	s := temp(t)
	secret := small("id-of-the-forgotten", time.Hour)
	secret.Features.Workload, secret.Features.Namespace = "deployment/very-private", "very-private"
	secret.Features.Image, secret.Features.Version = "registry.example/very-private", "1"
	secret.Result.Verdict.Headline = "very-private was killed"
	secret.AskedBy = "very-private"
	secret.Links = []investigations.Link{{Type: "very-private", ID: "very-private"}}
	secret.Feedback = []investigations.Feedback{{By: "very-private", Vote: investigations.VoteUp, At: time.Unix(1, 0)}}
	keep(t, s, history(0, 60)...)
	keep(t, s, secret)
	keep(t, s, history(60, 120)...)
	traces := 0
	count := func() (n int) {
		for _, bucket := range buckets {
			for key, value := range everything(t, s, bucket) {
				if strings.Contains(key+value, "very-private") || strings.Contains(key+value, "id-of-the-forgotten") {
					n++
				}
			}
		}
		return n
	}
	if traces = count(); traces < 10 {
		t.Fatalf("only %d entries tell of it while it is there: the test sees too little", traces)
	}
	if n, err := s.Forget(t.Context(), investigations.Filter{Namespace: "very-private"}); n != 1 || err != nil {
		t.Fatalf("forgot %d: %v", n, err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d entries tell of what was forgotten, of %d before", n, traces)
	}
	verify(t, s)
	if _, _, err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"very-private", "id-of-the-forgotten"} {
		if bytes.Contains(file, []byte(word)) {
			t.Errorf("the compacted file holds %q", word)
		}
	}
	if !bytes.Contains(file, []byte(history(0, 1)[0].Result.ID)) {
		t.Error("the compacted file doesn't hold the id of what was kept: the test looks at the wrong file")
	}
}

// TestForgetInBatches forgets more than one transaction takes, and leaves what does not match.
func TestForgetInBatches(t *testing.T) {
	s := temp(t)
	var traces []investigations.Trace
	const n = 3*forgetBatch + 7
	for i := range n {
		tr := small(fmt.Sprint(i), time.Duration(i)*time.Minute)
		if i%7 > 0 {
			tr.Features.Namespace = "goes"
		}
		traces = append(traces, tr)
	}
	keep(t, s, traces...)
	gone, err := s.Forget(t.Context(), investigations.Filter{Namespace: "goes"})
	if err != nil {
		t.Fatal(err)
	}
	if left := entries(t, s, bucketHeads); gone != n-n/7-1 || left != n/7+1 {
		t.Errorf("%d were forgotten and %d are left of %d, of which every seventh stays", gone, left, n)
	}
	verify(t, s)
}
