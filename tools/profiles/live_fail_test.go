package profiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/endpoint"
	"github.com/oombot/oombot/tools/profiles/pyroscopetest"
)

func TestLivePyroscopeFails(t *testing.T) {
	status := func(code int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, code) })
	}
	tests := []struct {
		name    string
		handler http.Handler
		want    error
		says    string
	}{
		{"no tenant", &pyroscopetest.Pyroscope{Tenant: "a"}, investigations.ErrForbidden, "check pyroscope.bearer_token_file, .basic_user and the tenant in pyroscope.headers"},
		{"forbidden", status(http.StatusForbidden, "no"), investigations.ErrForbidden, "Pyroscope refused to answer"},
		{"another service", status(http.StatusNotFound, "not here"), investigations.ErrUnavailable, "there is no Pyroscope API at pyroscope.url"},
		{"broken", status(http.StatusInternalServerError, "password=hunter2"), investigations.ErrUnavailable, "Pyroscope: "},
		{"throttled", status(http.StatusTooManyRequests, "slow down"), investigations.ErrUnavailable, "Pyroscope: "},
		{"garbage", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			fmt.Fprint(w, "\xff\xff\xff\xff")
		}), investigations.ErrUnavailable, "Pyroscope: "},
		{"a page", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }), investigations.ErrUnavailable, "Pyroscope: "},
		{"cut off", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "x")
		}), investigations.ErrUnavailable, "Pyroscope: "},
		{"too large", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			for range 33 {
				_, _ = w.Write(make([]byte, mib))
			}
		}), investigations.ErrTooLarge, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sink := &missSink{}
			if err := newLive(t, serve(t, tt.handler), LiveOptions{}).Record(t.Context(), testSubject(), sink); err != nil {
				t.Fatal(err)
			}
			if err := sink.missed["profiles"]; !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("missed for %v", err)
			}
		})
	}
}

func TestLivePyroscopeHangs(t *testing.T) {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	stand := &pyroscopetest.Pyroscope{Profiles: pushed(alloy("shop", testPod, "checkout"), time.Hour, time.Minute)}
	for _, procedure := range []string{"Series", "SelectSeries", "SelectMergeProfile"} {
		t.Run(procedure, func(t *testing.T) {
			cfg := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/"+procedure) {
					_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client is gone
					select {
					case <-r.Context().Done():
					case <-done:
					}
					return
				}
				stand.ServeHTTP(w, r)
			}))
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			sink := &missSink{}
			start := time.Now()
			if err := newLive(t, cfg, LiveOptions{}).Record(ctx, testSubject(), sink); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			if err := sink.missed["profiles"]; !errors.Is(err, investigations.ErrUnavailable) || !strings.Contains(err.Error(), "did not answer in time") {
				t.Errorf("missed for %v", err)
			}
		})
	}
}

// TestLiveKeepsWhatItGot fails where one profile that can't be had costs the others.
func TestLiveKeepsWhatItGot(t *testing.T) {
	stand := &pyroscopetest.Pyroscope{Profiles: slices.Concat(
		pushed(alloy("shop", testPod, "checkout"), time.Hour, time.Minute),
		pushed(alloy("shop", oldPod, "checkout"), 3*time.Hour, 2*time.Hour),
	)}
	large := strings.Repeat("x", maxUnpacked)
	for i := range stand.Profiles {
		if stand.Profiles[i].Labels["pod"] == oldPod {
			stand.Profiles[i].Data.Sample[0].Location[0].Line[0].Function.Name = large
		}
	}
	files, spots, _ := record(t, newLive(t, serve(t, stand), LiveOptions{}), testSubject())
	if len(files) != 2 || !strings.Contains(strings.Join(spots, "\n"), "profile of "+oldPod+"/checkout: too large") {
		t.Errorf("kept %q, blind spots %q", files, spots)
	}
}

func TestLiveTenantAndPath(t *testing.T) {
	stand := &pyroscopetest.Pyroscope{Tenant: "shop-team", Profiles: pushed(alloy("shop", testPod, "checkout"), time.Hour, time.Minute)}
	cfg := serve(t, http.StripPrefix("/pyroscope", stand))
	cfg.URL += "/pyroscope/"
	cfg.Headers = map[string]string{"X-Scope-OrgID": "shop-team"}
	if files, spots, _ := record(t, newLive(t, cfg, LiveOptions{}), testSubject()); len(files) != 2 || len(spots) > 0 {
		t.Errorf("kept %q, blind spots %q", files, spots)
	}
}

func TestLiveNotConfigured(t *testing.T) {
	sink := &missSink{}
	if err := newLive(t, endpoint.Config{}, LiveOptions{ScrapePods: true}).Record(t.Context(), testSubject(), sink); err != nil {
		t.Fatal(err)
	}
	if err := sink.missed["profiles"]; !errors.Is(err, investigations.ErrNotConfigured) || !strings.Contains(err.Error(), "set pyroscope.url") {
		t.Errorf("missed for %v", err)
	}
	if _, err := NewLive(endpoint.Config{URL: "pyroscope:4040"}, LiveOptions{}); err == nil {
		t.Error("an address that is none is taken")
	}
}

// missSink takes what was missed only.
type missSink struct{ missed map[string]error }

func (s *missSink) Keep(string, investigations.Origin, []byte) {}

func (s *missSink) Miss(path string, _ investigations.Origin, why error) {
	if s.missed == nil {
		s.missed = map[string]error{}
	}
	s.missed[path] = why
}

func (s *missSink) Blind(investigations.BlindSpot) {}
